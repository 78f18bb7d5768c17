//! TLS of the server's own (rustls, TLS 1.2 and 1.3), for installations without a proxy in front.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::config::TlsPaths;

/// Reads certificate and key, and says which file is at fault if they do not work.
pub(crate) fn acceptor(paths: &TlsPaths) -> anyhow::Result<TlsAcceptor> {
    let certificates = CertificateDer::pem_slice_iter(&read(&paths.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("{} is not PEM", paths.certificate.display()))?;
    anyhow::ensure!(!certificates.is_empty(), "{} holds no certificate", paths.certificate.display());
    let key = PrivateKeyDer::from_pem_slice(&read(&paths.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => anyhow::anyhow!("{} holds no private key", paths.key.display()),
        error => anyhow::Error::new(error).context(format!("{} is not PEM", paths.key.display())),
    })?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .with_context(|| format!("{} and {} do not fit", paths.certificate.display(), paths.key.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Zeroizing::new(bytes))
}
