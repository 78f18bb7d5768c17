//! TLS of the server's own (rustls, TLS 1.2 and 1.3), for installations without a proxy in front.

use std::{fs::File, io::BufReader, path::Path, sync::Arc};

use anyhow::Context;
use rustls::{ServerConfig, pki_types::CertificateDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsPaths;

/// Reads certificate and key, and says which file is at fault if they do not work.
pub(crate) fn acceptor(paths: &TlsPaths) -> anyhow::Result<TlsAcceptor> {
    let certificates: Vec<CertificateDer<'static>> = rustls_pemfile::certs(&mut open(&paths.certificate)?)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is not PEM", paths.certificate.display()))?;
    anyhow::ensure!(!certificates.is_empty(), "{} holds no certificate", paths.certificate.display());
    let key = rustls_pemfile::private_key(&mut open(&paths.key)?)
        .with_context(|| format!("{} is not PEM", paths.key.display()))?
        .with_context(|| format!("{} holds no private key", paths.key.display()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .with_context(|| format!("{} and {} do not fit", paths.certificate.display(), paths.key.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    Ok(BufReader::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?))
}
