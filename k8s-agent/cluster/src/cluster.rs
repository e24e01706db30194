//! The connection, and the identity of the cluster.

use crate::ClusterError;
use futures::future::try_join;
use k8s_openapi::api::{
    core::v1::{Namespace, Node},
    discovery::v1::EndpointSlice,
    storage::v1::StorageClass,
};
use kube::{
    api::{Api, ListParams, ObjectList, ObjectMeta, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
    Client, Config, Resource, ResourceExt,
};
use serde::{de::DeserializeOwned, Serialize};
use std::{
    fmt::Debug,
    future::Future,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Field manager of everything the agent applies.
pub(crate) const MANAGER: &str = "perigee";
/// No single answer of an API server takes longer when all is well.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Annotation of the storage class that volumes get that name none.
const DEFAULT_CLASS_MARK: &str = "storageclass.kubernetes.io/is-default-class";
/// Objects per page of a list.
const PAGE: u32 = 500;

/// A connection to one cluster, through one context of one kubeconfig.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    address: String,
}

impl Cluster {
    /// Connects through `context` of `kubeconfig`; through its current context where none is named. Nothing is read
    /// from the environment: an agent must not wander to another cluster because somebody switched contexts.
    pub async fn connect(kubeconfig: &Path, context: Option<&str>) -> Result<Self, ClusterError> {
        let bad = |why: String| ClusterError::Kubeconfig {
            path: kubeconfig.to_owned(),
            why,
        };
        let file = Kubeconfig::read_from(kubeconfig).map_err(|e| bad(e.to_string()))?;
        let options = KubeConfigOptions {
            context: context.map(str::to_owned),
            ..Default::default()
        };
        let mut config = Config::from_custom_kubeconfig(file, &options)
            .await
            .map_err(|e| bad(e.to_string()))?;
        config.read_timeout = Some(READ_TIMEOUT);
        let address = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|e| bad(e.to_string()))?;
        Ok(Self { client, address })
    }

    /// Address of the API server.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The client below, for what this crate does not offer.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// What tells this cluster from all others, for as long as it lives: the UID of `kube-system`.
    pub async fn identity(&self) -> Result<String, ClusterError> {
        let namespace = self.get(&self.all::<Namespace>(), "kube-system").await?;
        namespace.and_then(|n| n.uid()).ok_or_else(|| ClusterError::Corrupt {
            what: "namespace kube-system".into(),
            why: "it does not exist or has no UID".into(),
        })
    }

    /// Addresses that workloads must not reach.
    pub async fn network_facts(&self) -> Result<crate::NetworkFacts, ClusterError> {
        let slices = self.namespaced::<EndpointSlice>("default");
        let api_slices = ListParams::default().labels("kubernetes.io/service-name=kubernetes");
        let (nodes, slices) = try_join(
            self.list(self.all::<Node>(), ListParams::default()),
            self.list(slices, api_slices),
        )
        .await?;
        Ok(crate::NetworkFacts {
            nodes: node_addresses(&nodes),
            api: endpoint_addresses(&slices),
        })
    }

    /// The storage class that volumes get that name none, if the cluster has one.
    pub async fn default_storage_class(&self) -> Result<Option<String>, ClusterError> {
        let classes = self
            .list_metadata(self.all::<StorageClass>(), ListParams::default())
            .await?;
        let marked = |class: &ObjectMeta| {
            let mark = class.annotations.as_ref().and_then(|all| all.get(DEFAULT_CLASS_MARK));
            mark.is_some_and(|mark| mark == "true")
        };
        Ok(classes.into_iter().find(marked).and_then(|class| class.name))
    }

    pub(crate) fn all<K>(&self) -> Api<K>
    where
        K: Resource,
        K::DynamicType: Default,
    {
        Api::all(self.client.clone())
    }

    pub(crate) fn namespaced<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Server-side apply: what is there already stays, what we set is ours.
    pub(crate) async fn apply<K>(&self, api: &Api<K>, object: &K) -> Result<K, ClusterError>
    where
        K: Resource + Clone + DeserializeOwned + Serialize + Debug,
        K::DynamicType: Default,
    {
        let name = object.name_any();
        let params = PatchParams::apply(MANAGER).force();
        api.patch(&name, &params, &Patch::Apply(object))
            .await
            .map_err(|e| self.error("apply", kind_and::<K>(&name), e))
    }

    pub(crate) async fn get<K>(&self, api: &Api<K>, name: &str) -> Result<Option<K>, ClusterError>
    where
        K: Resource + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        api.get_opt(name)
            .await
            .map_err(|e| self.error("read", kind_and::<K>(name), e))
    }

    /// All objects that `params` select.
    pub(crate) async fn list<K>(&self, api: Api<K>, params: ListParams) -> Result<Vec<K>, ClusterError>
    where
        K: Resource + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let page = |params: ListParams| {
            let api = api.clone();
            async move { api.list(&params).await }
        };
        self.pages(kind::<K>(), params, page).await
    }

    /// Names and labels of all objects that `params` select.
    pub(crate) async fn list_metadata<K>(
        &self,
        api: Api<K>,
        params: ListParams,
    ) -> Result<Vec<ObjectMeta>, ClusterError>
    where
        K: Resource + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let page = |params: ListParams| {
            let api = api.clone();
            async move { api.list_metadata(&params).await }
        };
        let found = self.pages(kind::<K>(), params, page).await?;
        Ok(found.into_iter().map(|object| object.metadata).collect())
    }

    /// Fetches page after page.
    async fn pages<T, Answer>(
        &self,
        kind: String,
        params: ListParams,
        page: impl Fn(ListParams) -> Answer,
    ) -> Result<Vec<T>, ClusterError>
    where
        T: Clone,
        Answer: Future<Output = kube::Result<ObjectList<T>>>,
    {
        let mut params = params.limit(PAGE);
        let mut found = Vec::new();
        loop {
            let answer = page(params.clone()).await;
            let answer = answer.map_err(|e| self.error("list", kind.clone(), e))?;
            found.extend(answer.items);
            match answer.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(found),
            }
        }
    }

    pub(crate) fn error(&self, action: &'static str, what: String, error: kube::Error) -> ClusterError {
        match error {
            kube::Error::Api(status) => ClusterError::Refused {
                action,
                what,
                why: status.message.clone(),
                code: status.code,
            },
            other => ClusterError::Unreachable {
                address: self.address.clone(),
                why: root_cause(&other),
            },
        }
    }
}

/// Path of the kubeconfig that other tools would use here: `$KUBECONFIG` (its first entry), else `~/.kube/config`.
pub fn default_kubeconfig() -> Option<PathBuf> {
    let named = std::env::var_os("KUBECONFIG").and_then(|paths| std::env::split_paths(&paths).next());
    named
        .filter(|path| !path.as_os_str().is_empty())
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".kube/config")))
}

/// `Deployment`
pub(crate) fn kind<K>() -> String
where
    K: Resource,
    K::DynamicType: Default,
{
    K::kind(&Default::default()).into_owned()
}

/// `Deployment web`
pub(crate) fn kind_and<K>(name: &str) -> String
where
    K: Resource,
    K::DynamicType: Default,
{
    format!("{} {name}", kind::<K>())
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn node_addresses(nodes: &[Node]) -> Vec<IpAddr> {
    let addresses = nodes
        .iter()
        .filter_map(|n| n.status.as_ref()?.addresses.as_ref())
        .flatten();
    sorted(addresses.filter_map(|a| a.address.parse().ok()))
}

fn endpoint_addresses(slices: &[EndpointSlice]) -> Vec<IpAddr> {
    let endpoints = slices.iter().flat_map(|slice| &slice.endpoints);
    sorted(endpoints.flat_map(|e| &e.addresses).filter_map(|a| a.parse().ok()))
}

fn sorted(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut addresses: Vec<_> = addresses.collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
