//! Where the three parties are served.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::DemoError;

/// What each party is called in messages, in the order of their ports.
const PARTIES: [&str; 3] = ["identity provider", "broker", "cat-photos"];

/// What the portal calls the OpenID provider in its addresses.
pub(super) const OPENID_PROVIDER: &str = "corp";

/// The ports of the three parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    idp: u16,
    broker: u16,
    photos: u16,
}

/// Three sockets that nobody else can take any more.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) site: Site,
    pub(super) idp: TcpListener,
    pub(super) broker: TcpListener,
    pub(super) photos: TcpListener,
}

impl Site {
    /// The site at `base`, `base + 100` and `base + 200`.
    ///
    /// # Errors
    /// [`DemoError::PortBase`] when the last of them is no port.
    pub(crate) fn at(base: u16) -> Result<Self, DemoError> {
        let next = |offset: u16| base.checked_add(offset).filter(|_| base > 0).ok_or(DemoError::PortBase { base });
        Ok(Self { idp: base, broker: next(100)?, photos: next(200)? })
    }

    /// The first port.
    pub(super) const fn port_base(self) -> u16 {
        self.idp
    }

    /// The identity provider as people and tokens name it, which is also the OpenID issuer.
    pub(crate) fn idp_url(self) -> String {
        format!("http://{}", self.idp_host())
    }

    /// The issuer without its scheme, as provider ARNs and condition keys name it.
    pub(super) fn idp_host(self) -> String {
        format!("localhost:{}", self.idp)
    }

    /// The broker as people name it.
    pub(crate) fn broker_url(self) -> String {
        format!("http://localhost:{}", self.broker)
    }

    /// The S3 endpoint. An address rather than a name: SDKs then put the bucket into the path, not into the host name.
    pub(crate) fn s3_url(self) -> String {
        format!("http://127.0.0.1:{}", self.photos)
    }

    /// The gallery as people name it.
    pub(super) fn gallery_url(self) -> String {
        format!("http://localhost:{}/gallery", self.photos)
    }

    /// The broker's SAML entity id, where its metadata is.
    pub(super) fn sp_entity_id(self) -> String {
        format!("{}/saml/metadata", self.broker_url())
    }

    /// Where SAML responses are posted.
    pub(super) fn acs_url(self) -> String {
        format!("{}/saml/acs", self.broker_url())
    }

    /// Where SAML logout messages come to.
    pub(super) fn logout_url(self) -> String {
        format!("{}/saml/slo", self.broker_url())
    }

    /// Where the OpenID provider sends people back after a logout.
    pub(super) fn signed_out_url(self) -> String {
        format!("{}/oidc/signed-out", self.broker_url())
    }

    /// Where the OpenID provider says that somebody signed out.
    pub(super) fn backchannel_logout_url(self) -> String {
        format!("{}/oidc/backchannel-logout/{OPENID_PROVIDER}", self.broker_url())
    }

    /// Where the OpenID provider sends people back.
    pub(super) fn redirect_uri(self) -> String {
        format!("{}/oidc/callback/corp", self.broker_url())
    }
}

impl Sockets {
    /// Takes the ports of `site`.
    pub(super) async fn take(site: Site) -> Result<Self, DemoError> {
        let [idp, broker, photos] = PARTIES;
        Ok(Self {
            site,
            idp: listen(idp, site.idp).await?,
            broker: listen(broker, site.broker).await?,
            photos: listen(photos, site.photos).await?,
        })
    }

    /// Takes three ports that the operating system picks.
    pub(super) async fn take_any() -> Result<Self, DemoError> {
        let [idp, broker, photos] = PARTIES;
        let (idp, broker, photos) = (listen(idp, 0).await?, listen(broker, 0).await?, listen(photos, 0).await?);
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let site = Site { idp: port(&idp)?, broker: port(&broker)?, photos: port(&photos)? };
        Ok(Self { site, idp, broker, photos })
    }
}

async fn listen(party: &'static str, port: u16) -> Result<TcpListener, DemoError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| DemoError::Port { party, port, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_from_the_base() {
        let site = Site::at(8100).unwrap();
        assert_eq!(site.broker_url(), "http://localhost:8200");
        assert_eq!(site.s3_url(), "http://127.0.0.1:8300");
        assert!(matches!(Site::at(65_400), Err(DemoError::PortBase { base: 65_400 })));
        assert!(matches!(Site::at(0), Err(DemoError::PortBase { base: 0 })));
    }

    #[tokio::test]
    async fn a_busy_port_is_named_with_the_flag_that_moves_it() {
        let taken = Sockets::take_any().await.unwrap();
        let busy = taken.photos.local_addr().unwrap().port();
        let error = listen("cat-photos", busy).await.unwrap_err().to_string();
        assert!(error.contains(&busy.to_string()) && error.contains("--port-base"), "{error}");
    }
}
