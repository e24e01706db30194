//! Streams of blocks that outlive connections.

use crate::{chain::height, config::PerigeeConfig, link::Link, records::BlockId, Chain, ChainError};
use futures::{stream, Stream, StreamExt};
use subxt::client::Blocks;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Best,
    Finalised,
}

type Source = (Link, Blocks<PerigeeConfig>);

struct Follow {
    chain: Chain,
    kind: Kind,
    source: Option<Source>,
    attempt: usize,
}

impl Chain {
    /// Every block that becomes the newest. After a fork, a height may come twice.
    ///
    /// The stream never ends. A lost connection shows as one error; then it waits and goes on with the present block.
    /// Heights may be left out.
    pub fn best_blocks(&self) -> impl Stream<Item = Result<BlockId, ChainError>> + Send + 'static {
        self.follow(Kind::Best)
    }

    /// Every block that becomes final, in order; otherwise as [`Chain::best_blocks`].
    pub fn finalised_blocks(&self) -> impl Stream<Item = Result<BlockId, ChainError>> + Send + 'static {
        self.follow(Kind::Finalised)
    }

    fn follow(&self, kind: Kind) -> impl Stream<Item = Result<BlockId, ChainError>> + Send + 'static {
        let state = Follow {
            chain: self.clone(),
            kind,
            source: None,
            attempt: 0,
        };
        stream::unfold(state, |mut state| async move {
            let item = state.next().await;
            Some((item, state))
        })
        .boxed()
    }
}

impl Follow {
    async fn next(&mut self) -> Result<BlockId, ChainError> {
        if self.source.is_none() {
            if self.attempt > 0 {
                tokio::time::sleep(Chain::pause(self.attempt - 1)).await;
            }
            self.attempt += 1;
            self.source = Some(subscribe(self.chain.clone(), self.kind).await?);
        }
        match self.pull().await {
            Ok(block) => {
                self.attempt = 0;
                Ok(block)
            }
            Err(e) => {
                self.source = None;
                self.attempt = self.attempt.max(1);
                Err(e)
            }
        }
    }

    async fn pull(&mut self) -> Result<BlockId, ChainError> {
        let Some((link, blocks)) = &mut self.source else {
            return Err(ChainError::Protocol("no subscription".into()));
        };
        match blocks.next().await {
            Some(Ok(block)) => Ok(BlockId {
                number: height(block.header().number)?,
                hash: block.hash().0,
            }),
            Some(Err(e)) => Err(link.error(e)),
            None => Err(link.lost("the node ended the subscription".into())),
        }
    }
}

async fn subscribe(chain: Chain, kind: Kind) -> Result<Source, ChainError> {
    let link = chain.link().await?;
    let blocks = match kind {
        Kind::Best => link.client.stream_best_blocks().await,
        Kind::Finalised => link.client.stream_blocks().await,
    };
    let blocks = blocks.map_err(|e| link.error(e))?;
    Ok((link, blocks))
}
