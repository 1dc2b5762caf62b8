//! The emulator behind the proxy.

use std::io;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    http::{self, Request, Response},
    xml,
};

/// moto's server on `port` of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Moto {
    pub port: u16,
}

impl Moto {
    pub fn forward(self, request: &Request) -> io::Result<Response> {
        http::send(self.port, request)
    }

    /// Asks EC2 in `region`. moto believes every signature.
    pub fn ec2(
        self,
        region: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> io::Result<Response> {
        self.forward(&ec2_request(region, action, parameters))
    }

    /// What EC2 answers in `region`, as text.
    ///
    /// # Errors
    ///
    /// Also when it refuses.
    pub fn ask(
        self,
        region: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> io::Result<String> {
        let response = self.ec2(region, action, parameters)?;
        match response.is_success() {
            true => Ok(response.text()),
            false => Err(io::Error::other(format!("{action}: {}", response.text()))),
        }
    }

    /// The AMIs of the account itself.
    pub fn own_images(self, region: &str) -> io::Result<Vec<Image>> {
        let answer = self.ask(region, "DescribeImages", &[("Owner.1", "self")])?;
        Ok(images(&answer))
    }

    /// The AMI `id`, whoever owns it, while it is registered.
    pub fn image(self, region: &str, id: &str) -> io::Result<Option<Image>> {
        let response = self.ec2(region, "DescribeImages", &[("ImageId.1", id)])?;
        Ok(images(&response.text()).into_iter().next())
    }
}

/// An AMI as EC2 describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub id: String,
    pub name: String,
    pub state: String,
    pub snapshots: Vec<String>,
    pub tags: Vec<(String, String)>,
}

impl Image {
    /// Reads one item of `imagesSet`.
    pub fn read(item: &str) -> Option<Self> {
        let mappings = xml::items_of(item, "blockDeviceMapping");
        Some(Self {
            id: xml::text(item, "imageId")?,
            name: xml::text(item, "name").unwrap_or_default(),
            state: xml::text(item, "imageState")?,
            snapshots: mappings
                .iter()
                .filter_map(|mapping| xml::text(mapping, "snapshotId"))
                .collect(),
            tags: xml::tags(item),
        })
    }

    pub fn tag(&self, key: &str) -> Option<&str> {
        let found = self.tags.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }
}

/// The AMIs in an answer to DescribeImages.
pub fn images(answer: &str) -> Vec<Image> {
    let items = xml::items_of(answer, "imagesSet");
    items.into_iter().filter_map(Image::read).collect()
}

/// A call of EC2 as its clients make it.
pub fn ec2_request(region: &str, action: &str, parameters: &[(&str, &str)]) -> Request {
    let fixed = [("Action", action), ("Version", "2016-11-15")];
    Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![
            ("Host".to_owned(), "127.0.0.1".to_owned()),
            (
                "Authorization".to_owned(),
                format!(
                    "AWS4-HMAC-SHA256 Credential=test/20240101/{region}/ec2/aws4_request, SignedHeaders=host, Signature=0"
                ),
            ),
            (
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            ),
        ],
        body: encode(
            fixed
                .iter()
                .chain(parameters)
                .map(|&(key, value)| (key, value)),
        ),
    }
}

/// The body of a form.
pub fn encode<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let percent = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let fields: Vec<String> = fields
        .map(|(key, value)| format!("{}={}", percent(key), percent(value)))
        .collect();
    fields.join("&").into_bytes()
}
