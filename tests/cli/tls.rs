//! A backend with a certificate of a private CA, which is refused until the CA is named.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::harness::User;
use super::harness::recordings::Generation;

/// Starts a backend that answers the status over TLS; returns its address and its certificate.
fn backend() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let body = Generation::Newer.exchange("086-status-both").response_body.to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust the certificate closes the connection during the handshake.
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).and_then(|()| stream.flush());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (address, cert.pem())
}

#[test]
fn a_private_ca_is_trusted_only_if_it_is_named() {
    let (address, certificate) = backend();
    let user = User::of(&address);
    let ran = user.run(&["payments", "status", "--retries", "0"]).exits(8);
    assert!(ran.stderr.starts_with(&format!("error: Cannot reach {address}")), "{ran:?}");
    ran.stderr_has(&["ertificate", "SSL_CERT_FILE"]);

    let file = user.write("ca.pem", &certificate).display().to_string();
    let ran = user.with("SSL_CERT_FILE", &file).run(&["payments", "status", "--retries", "0"]).exits(0);
    assert!(ran.stdout.contains("acct_jtP2rWhblZ6tcCJR"), "{ran:?}");
}
