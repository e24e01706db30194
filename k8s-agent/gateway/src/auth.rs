//! Who may do what at a gateway: capabilities and tokens, made and checked. Pure.
//!
//! A *capability* is signed once by a lease owner's account key. It names a session key, the provider and chain it is
//! for, a lease, a scope and an expiry. Every request then carries a *token*: a compact JWS by the session key, bound to
//! method, path and body, valid for a minute at most. A stolen capability is useless without its session key, and a
//! stolen token does nothing but repeat one request, which is harmless because writes are idempotent.

use base64::{engine::general_purpose::URL_SAFE_NO_PAD, Engine};
use codec::{Decode, DecodeAll, Encode};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sr25519_signer::sr25519;
use std::ops::BitOr;

/// Header that carries the capability.
pub const CAPABILITY_HEADER: &str = "perigee-capability";
/// Prefix of the signed bytes, so that a capability's signature means nothing elsewhere.
pub const CAPABILITY_DOMAIN: &[u8] = b"perigee/capability/1";
/// A capability that expires later than this from now is refused: a lost session key must not open doors for long.
pub const MAX_CAPABILITY_SECONDS: u64 = 24 * 3600;
/// Longest life of a token.
pub const MAX_TOKEN_SECONDS: u64 = 60;
/// How far the clocks of tenant and provider may differ.
pub const CLOCK_SKEW_SECONDS: u64 = 30;

/// What a capability allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Scope(u8);

impl Scope {
    /// Deliver a manifest.
    pub const MANIFEST: Self = Self(1);
    /// Read the status.
    pub const STATUS: Self = Self(2);

    /// Does it include all of `other`?
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Scope {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What an account allows a session key to do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Capability {
    /// The ed25519 key that signs tokens.
    pub session: [u8; 32],
    /// The only provider it is for.
    pub provider: u32,
    /// Genesis hash of the only chain it is for.
    pub genesis: [u8; 32],
    /// The only lease it is for; `None` for all leases of the account.
    pub lease: Option<u64>,
    /// What it allows.
    pub scope: Scope,
    /// When it expires, in unix seconds.
    pub expires: u64,
}

impl Capability {
    /// The bytes that the account signs.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = CAPABILITY_DOMAIN.to_vec();
        self.encode_to(&mut bytes);
        bytes
    }
}

/// A capability with the signature of the account that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedCapability {
    /// What is allowed.
    pub capability: Capability,
    /// The sr25519 account that allows it.
    pub account: [u8; 32],
    /// Its signature, over the bytes as they are or wrapped in `<Bytes>…</Bytes>` as wallets do.
    pub signature: [u8; 64],
}

impl SignedCapability {
    /// Signs `capability` as `account`.
    pub fn sign(capability: Capability, account: &sr25519::Keypair) -> Self {
        let signature = account.sign(&capability.signed_bytes()).0;
        Self {
            capability,
            account: account.public_key().0,
            signature,
        }
    }

    /// As it travels in [`CAPABILITY_HEADER`].
    pub fn to_header(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.encode())
    }

    fn from_header(text: &str) -> Result<Self, AuthError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim())
            .map_err(|_| AuthError::CapabilityMalformed)?;
        Self::decode_all(&mut bytes.as_slice()).map_err(|_| AuthError::CapabilityMalformed)
    }

    fn is_signed(&self) -> bool {
        let raw = self.capability.signed_bytes();
        let wrapped = [b"<Bytes>".as_slice(), &raw, b"</Bytes>"].concat();
        let (signature, account) = (sr25519::Signature(self.signature), sr25519::PublicKey(self.account));
        sr25519::verify(&signature, &raw, &account) || sr25519::verify(&signature, wrapped, &account)
    }
}

/// A tenant's side of a session: a capability and the key it names.
pub struct Session {
    key: SigningKey,
    capability: String,
}

impl Session {
    /// Opens a session with a fresh key. `now` is in unix seconds, `seconds` at most [`MAX_CAPABILITY_SECONDS`].
    pub fn open(
        account: &sr25519::Keypair,
        place: &Place,
        lease: Option<u64>,
        scope: Scope,
        now: u64,
        seconds: u64,
    ) -> Self {
        let key = SigningKey::from_bytes(&rand::random());
        let capability = Capability {
            session: key.verifying_key().to_bytes(),
            provider: place.provider,
            genesis: place.genesis,
            lease,
            scope,
            expires: now.saturating_add(seconds.min(MAX_CAPABILITY_SECONDS)),
        };
        Self::with(key, &SignedCapability::sign(capability, account))
    }

    /// A session from a key and a capability signed elsewhere, for example by a wallet.
    pub fn with(key: SigningKey, capability: &SignedCapability) -> Self {
        Self {
            key,
            capability: capability.to_header(),
        }
    }

    /// Value of [`CAPABILITY_HEADER`].
    pub fn capability(&self) -> &str {
        &self.capability
    }

    /// Value of the `Authorization` header for one request.
    pub fn authorization(&self, method: &str, path: &str, body: &[u8], now: u64) -> String {
        let claims = Claims {
            htm: method.to_owned(),
            htu: path.to_owned(),
            bh: body_hash(body),
            iat: now,
            exp: now.saturating_add(MAX_TOKEN_SECONDS),
        };
        format!("Bearer {}", claims.sign(&self.key))
    }
}

/// Claims of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Method.
    pub htm: String,
    /// Path, without query.
    pub htu: String,
    /// SHA-256 of the body, in hex.
    pub bh: String,
    /// Made at, in unix seconds.
    pub iat: u64,
    /// Expires at, in unix seconds.
    pub exp: u64,
}

/// The part of a JWS header that matters. Anything critical we do not know must be refused.
#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl Claims {
    /// The compact JWS.
    pub fn sign(&self, key: &SigningKey) -> String {
        let header = Header {
            alg: "EdDSA".into(),
            typ: Some("JWT".into()),
            crit: None,
        };
        let signed = format!("{}.{}", part(&header), part(self));
        let signature = key.sign(signed.as_bytes()).to_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn verify(jws: &str, key: &[u8; 32]) -> Result<Self, AuthError> {
        let malformed = || AuthError::TokenMalformed;
        let (signed, signature) = jws.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let header: Header = read_part(header)?;
        if header.alg != "EdDSA" || header.crit.is_some() {
            return Err(AuthError::TokenMalformed);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        let signature = ed25519_dalek::Signature::from_slice(&signature).map_err(|_| malformed())?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| AuthError::CapabilityMalformed)?;
        key.verify_strict(signed.as_bytes(), &signature)
            .map_err(|_| AuthError::TokenSignature)?;
        read_part(claims)
    }
}

fn part(value: &impl Serialize) -> String {
    // Strings and numbers only: serialising cannot fail.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

fn read_part<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, AuthError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| AuthError::TokenMalformed)?;
    serde_json::from_slice(&bytes).map_err(|_| AuthError::TokenMalformed)
}

fn body_hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// Which provider on which chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the provider.
    pub provider: u32,
    /// Genesis hash of the chain.
    pub genesis: [u8; 32],
}

/// The parts of a request that are checked.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// Method, in capitals.
    pub method: &'a str,
    /// Path, without query.
    pub path: &'a str,
    /// Body.
    pub body: &'a [u8],
    /// Value of [`CAPABILITY_HEADER`].
    pub capability: Option<&'a str>,
    /// Value of the `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// A checked capability: what the bearer of the request may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account that gave it.
    pub account: [u8; 32],
    lease: Option<u64>,
    scope: Scope,
}

/// Checks capability and token of a request at `place`, at `now` in unix seconds.
pub fn check(request: &Presented<'_>, place: &Place, now: u64) -> Result<Grant, AuthError> {
    let signed = SignedCapability::from_header(request.capability.ok_or(AuthError::CapabilityMissing)?)?;
    check_capability(&signed, place, now)?;
    let bearer = request.authorization.ok_or(AuthError::TokenMissing)?;
    let jws = bearer.strip_prefix("Bearer ").ok_or(AuthError::TokenMalformed)?;
    let claims = Claims::verify(jws.trim(), &signed.capability.session)?;
    check_claims(&claims, request, now)?;
    let SignedCapability {
        capability, account, ..
    } = signed;
    Ok(Grant {
        account,
        lease: capability.lease,
        scope: capability.scope,
    })
}

fn check_capability(signed: &SignedCapability, place: &Place, now: u64) -> Result<(), AuthError> {
    if !signed.is_signed() {
        return Err(AuthError::CapabilitySignature);
    }
    let capability = &signed.capability;
    if capability.genesis != place.genesis {
        return Err(AuthError::ForeignChain);
    }
    if capability.provider != place.provider {
        return Err(AuthError::ForeignProvider {
            named: capability.provider,
            here: place.provider,
        });
    }
    if capability.expires <= now {
        return Err(AuthError::CapabilityExpired {
            seconds: now - capability.expires,
        });
    }
    if capability.expires - now > MAX_CAPABILITY_SECONDS + CLOCK_SKEW_SECONDS {
        return Err(AuthError::CapabilityTooLong);
    }
    Ok(())
}

fn check_claims(claims: &Claims, request: &Presented<'_>, now: u64) -> Result<(), AuthError> {
    if claims.iat > now.saturating_add(CLOCK_SKEW_SECONDS) {
        return Err(AuthError::TokenFromFuture {
            seconds: claims.iat - now,
        });
    }
    if claims.exp.saturating_sub(claims.iat) > MAX_TOKEN_SECONDS {
        return Err(AuthError::TokenTooLong);
    }
    if claims.exp.saturating_add(CLOCK_SKEW_SECONDS) <= now {
        return Err(AuthError::TokenExpired {
            seconds: now - claims.exp,
        });
    }
    if claims.htm != request.method || claims.htu != request.path {
        return Err(AuthError::TokenRequestMismatch);
    }
    if claims.bh != body_hash(request.body) {
        return Err(AuthError::TokenBodyMismatch);
    }
    Ok(())
}

impl Grant {
    /// Does it allow `scope` on `lease`, which belongs to `owner`?
    pub fn allows(&self, scope: Scope, lease: u64, owner: &[u8; 32]) -> Result<(), AuthError> {
        if !self.scope.contains(scope) {
            return Err(AuthError::ScopeMissing);
        }
        if self.lease.is_some_and(|named| named != lease) {
            return Err(AuthError::ForeignLease { lease });
        }
        if self.account != *owner {
            return Err(AuthError::NotOwner { lease });
        }
        Ok(())
    }
}

/// Why a request is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No capability was sent.
    #[error("the request carries no capability")]
    CapabilityMissing,
    /// The capability cannot be read.
    #[error("the capability cannot be read")]
    CapabilityMalformed,
    /// The account did not sign this capability.
    #[error("the capability is not signed by the account it names")]
    CapabilitySignature,
    /// It was valid once.
    #[error("the capability expired {seconds} s ago")]
    CapabilityExpired {
        /// How long ago.
        seconds: u64,
    },
    /// It lives longer than allowed.
    #[error("the capability is valid for more than 24 hours")]
    CapabilityTooLong,
    /// It is for another chain.
    #[error("the capability is for another chain")]
    ForeignChain,
    /// It is for another provider.
    #[error("the capability is for provider {named}; this is provider {here}")]
    ForeignProvider {
        /// The provider it names.
        named: u32,
        /// The provider that was asked.
        here: u32,
    },
    /// It is for another lease.
    #[error("the capability is not for lease {lease}")]
    ForeignLease {
        /// The lease asked for.
        lease: u64,
    },
    /// It does not allow this.
    #[error("the capability does not allow this")]
    ScopeMissing,
    /// The account does not own the lease.
    #[error("lease {lease} belongs to another account")]
    NotOwner {
        /// The lease asked for.
        lease: u64,
    },
    /// No token was sent.
    #[error("the request carries no token")]
    TokenMissing,
    /// The token cannot be read.
    #[error("the token cannot be read")]
    TokenMalformed,
    /// The session key did not sign it.
    #[error("the token is not signed by the session key of the capability")]
    TokenSignature,
    /// It was valid once.
    #[error("the token expired {seconds} s ago")]
    TokenExpired {
        /// How long ago.
        seconds: u64,
    },
    /// It was made later than now.
    #[error("the token was made {seconds} s in the future")]
    TokenFromFuture {
        /// How far.
        seconds: u64,
    },
    /// It lives longer than allowed.
    #[error("the token is valid for more than 60 seconds")]
    TokenTooLong,
    /// It is for another method or path.
    #[error("the token is for another method or path")]
    TokenRequestMismatch,
    /// It is for another body.
    #[error("the token is for another body")]
    TokenBodyMismatch,
}

impl AuthError {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        use AuthError::*;
        match self {
            CapabilityMalformed | TokenMalformed | CapabilityTooLong | TokenTooLong => 400,
            ForeignChain | ForeignProvider { .. } | ForeignLease { .. } | ScopeMissing | NotOwner { .. } => 403,
            CapabilityMissing
            | CapabilitySignature
            | CapabilityExpired { .. }
            | TokenMissing
            | TokenSignature
            | TokenExpired { .. }
            | TokenFromFuture { .. }
            | TokenRequestMismatch
            | TokenBodyMismatch => 401,
        }
    }

    /// Stable name, for programs.
    pub fn code(&self) -> &'static str {
        use AuthError::*;
        match self {
            CapabilityMissing => "capability_missing",
            CapabilityMalformed => "capability_malformed",
            CapabilitySignature => "capability_signature",
            CapabilityExpired { .. } => "capability_expired",
            CapabilityTooLong => "capability_too_long",
            ForeignChain => "foreign_chain",
            ForeignProvider { .. } => "foreign_provider",
            ForeignLease { .. } => "foreign_lease",
            ScopeMissing => "scope_missing",
            NotOwner { .. } => "not_owner",
            TokenMissing => "token_missing",
            TokenMalformed => "token_malformed",
            TokenSignature => "token_signature",
            TokenExpired { .. } => "token_expired",
            TokenFromFuture { .. } => "token_from_future",
            TokenTooLong => "token_too_long",
            TokenRequestMismatch => "token_request_mismatch",
            TokenBodyMismatch => "token_body_mismatch",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        use AuthError::*;
        match self {
            CapabilityMissing | TokenMissing => "send the Perigee-Capability and Authorization headers; `perigee` does",
            CapabilityMalformed | TokenMalformed => "use a client of the same version as the gateway",
            CapabilitySignature | TokenSignature | TokenRequestMismatch | TokenBodyMismatch => {
                "sign again; something changed the request on its way"
            }
            CapabilityExpired { .. } | CapabilityTooLong | TokenTooLong => {
                "sign a new one: a capability lives for 24 hours at most, a token for 60 seconds"
            }
            TokenExpired { .. } | TokenFromFuture { .. } => "check the clock of this machine",
            ForeignChain => "check --node: it must be a node of the chain the provider is registered on",
            ForeignProvider { .. } => "read the gateway's address from the chain again; the lease has another provider",
            ForeignLease { .. } | ScopeMissing => "sign a capability for this lease and this action",
            NotOwner { .. } => "use --key with the account that signed the deployment",
        }
    }
}

#[cfg(test)]
mod tests;
