//! The gateway's certificate, and pins of it.
//!
//! No authority signs these certificates: the chain holds the SHA-256 of the public key (its *pin*), and the client
//! compares. Names and dates in the certificate mean nothing; the handshake signature proves possession of the key.

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{ring, verify_tls12_signature, verify_tls13_signature, CryptoProvider},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    CertificateError, ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme,
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Name in the certificate. Clients compare the key, not the name.
const CERTIFICATE_NAME: &str = "gateway.perigee";

/// SHA-256 of a certificate's subject public key info.
pub type Pin = [u8; 32];

/// Key and certificate of a gateway.
#[derive(Clone)]
pub struct TlsIdentity {
    key: Vec<u8>,
    certificate: CertificateDer<'static>,
    pin: Pin,
}

impl TlsIdentity {
    /// A fresh P-256 key.
    pub fn generate() -> Result<Self, TlsError> {
        Self::with(&new_key()?)
    }

    /// Loads the key at `path`, or makes it there, readable by its owner only. The certificate is made anew each time:
    /// what is pinned is the key.
    pub fn load_or_create(path: &Path) -> Result<Self, TlsError> {
        let file = |source| TlsError::File {
            path: path.to_owned(),
            source,
        };
        match fs::read_to_string(path) {
            Ok(pem) => {
                let key = KeyPair::from_pem(&pem).map_err(|source| TlsError::Key {
                    path: path.to_owned(),
                    source,
                })?;
                Self::with(&key)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let key = new_key()?;
                write_private(path, key.serialize_pem().as_bytes()).map_err(file)?;
                Self::with(&key)
            }
            Err(e) => Err(file(e)),
        }
    }

    fn with(key: &KeyPair) -> Result<Self, TlsError> {
        let certificate = CertificateParams::new(vec![CERTIFICATE_NAME.to_owned()])
            .and_then(|params| params.self_signed(key))
            .map_err(TlsError::Certificate)?
            .der()
            .clone();
        let pin = pin_of(&certificate).map_err(TlsError::Pin)?;
        Ok(Self {
            key: key.serialize_der(),
            certificate,
            pin,
        })
    }

    /// What stands on chain.
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// What clients are shown.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Configuration of a server with this identity.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Config)?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .map_err(TlsError::Config)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn new_key() -> Result<KeyPair, TlsError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(TlsError::Certificate)
}

/// Written beside its place, synced, then moved: a crash leaves the old file or the new one, never half a key.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    fs::File::open(parent)?.sync_all()
}

/// The pin of a certificate.
pub fn pin_of(certificate: &CertificateDer<'_>) -> Result<Pin, webpki::Error> {
    let certificate = webpki::EndEntityCert::try_from(certificate)?;
    Ok(Sha256::digest(certificate.subject_public_key_info()).into())
}

/// Configuration of a client that accepts exactly the keys with these pins.
pub fn client_config(pins: Vec<Pin>) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = PinVerifier {
        pins,
        provider: provider.clone(),
    };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Config)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Accepts a certificate by its key alone, and checks that the server holds that key.
#[derive(Debug)]
struct PinVerifier {
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pin = pin_of(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        if self.pins.contains(&pin) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What goes wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no key.
    #[error("{}: not a private key in PEM form ({source}); move it away to have a new one made", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// No certificate could be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(rcgen::Error),
    /// The pin could not be computed.
    #[error("cannot read the certificate: {0}")]
    Pin(webpki::Error),
    /// TLS could not be configured.
    #[error("cannot configure TLS: {0}")]
    Config(rustls::Error),
}
