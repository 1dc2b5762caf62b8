//! What the network of this machine asks of every machine in it: certificate authorities, proxies,
//! package mirrors. Builder machines get it too, since their scripts download packages.

use std::{env, fs, path::Path};

use camino::{Utf8Path, Utf8PathBuf};

use super::pip;

/// Settings of the host that a builder machine needs as well. Empty on an ordinary network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// PEM texts of certificate authorities that Debian does not have.
    pub(super) certificates: Vec<Vec<u8>>,
    /// Files of the apt configuration, by their path below `/etc/apt`.
    pub(super) apt: Vec<(Utf8PathBuf, Vec<u8>)>,
    /// Whether [`HostSettings::apt`] has the sources and stands for Debian's own.
    pub(super) apt_sources: bool,
    /// Proxy variables, as the environment has them.
    pub(super) proxies: Vec<(String, String)>,
    /// Text of a `pip.conf` with what the network needs.
    pub(super) pip: Option<String>,
}

/// Where systems keep the authorities that were added to them: Debian, Fedora, Arch.
const ANCHORS: [&str; 3] = [
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/ca-certificates/trust-source/anchors",
];

/// Variables that name a bundle to use instead of the system's.
const BUNDLE_VARIABLES: [&str; 4] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
];

/// Bundles that the system makes from the anchors and the public authorities.
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

const PROXY_VARIABLES: [&str; 6] = [
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];

impl HostSettings {
    /// Reads the settings of this machine. What cannot be read is left out.
    pub fn detect() -> Self {
        let variables: Vec<(String, String)> = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::of(Utf8Path::new("/"), &variables)
    }

    /// The settings of a machine whose files are below `root`, with these environment variables.
    fn of(root: &Utf8Path, variables: &[(String, String)]) -> Self {
        let apt_sources = foreign_sources(root);
        let mut apt = apt_settings(root);
        let has_sources = !apt_sources.is_empty();
        apt.extend(apt_sources);
        Self {
            certificates: certificates(root, variables),
            apt,
            apt_sources: has_sources,
            proxies: proxies(variables),
            pip: pip::configuration(root, variables),
        }
    }
}

fn value<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    variables
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

/// The files directly in `folder`, in the order of their names.
fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut all: Vec<Utf8PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Utf8PathBuf::try_from(entry.path()).ok())
        .filter(|path| path.is_file())
        .collect();
    all.sort();
    all
}

fn certificates(root: &Utf8Path, variables: &[(String, String)]) -> Vec<Vec<u8>> {
    let anchors = ANCHORS.iter().flat_map(|folder| files(&root.join(folder)));
    let bundles = BUNDLE_VARIABLES
        .iter()
        .filter_map(|name| value(variables, name))
        .filter(|path| !SYSTEM_BUNDLES.contains(path))
        .map(Utf8PathBuf::from);
    let mut found: Vec<Vec<u8>> = Vec::new();
    for path in anchors.chain(bundles) {
        let Ok(text) = fs::read(&path) else { continue };
        let is_pem = String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----");
        if is_pem && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// Files of apt.conf that set a proxy or a certificate.
fn apt_settings(root: &Utf8Path) -> Vec<(Utf8PathBuf, Vec<u8>)> {
    let network = |text: &str| {
        text.lines()
            .map(|line| line.trim().to_ascii_lowercase())
            .filter(|line| !line.starts_with("//") && !line.starts_with('#'))
            .any(|line| {
                line.contains("proxy") || line.contains("cainfo") || line.contains("cafile")
            })
    };
    let apt = root.join("etc/apt");
    let mut all = vec![apt.join("apt.conf")];
    all.extend(files(&apt.join("apt.conf.d")));
    read_below(&apt, all)
        .into_iter()
        .filter(|(_, text)| network(&String::from_utf8_lossy(text)))
        .collect()
}

/// The package sources of a Debian 12 host that does not use Debian's own servers, with their keys.
fn foreign_sources(root: &Utf8Path) -> Vec<(Utf8PathBuf, Vec<u8>)> {
    let release = fs::read_to_string(root.join("etc/os-release")).unwrap_or_default();
    let says = |line: &str| release.lines().any(|l| l.replace('"', "") == line);
    if !(says("ID=debian") && says("VERSION_CODENAME=bookworm")) {
        return Vec::new();
    }
    let apt = root.join("etc/apt");
    let mut all = vec![apt.join("sources.list")];
    all.extend(
        files(&apt.join("sources.list.d"))
            .into_iter()
            .filter(|path| matches!(path.extension(), Some("list" | "sources"))),
    );
    let sources = read_below(&apt, all);
    let text: String = sources
        .iter()
        .flat_map(|(_, text)| {
            String::from_utf8_lossy(text)
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n");
    let has_debian = text.contains("bookworm") && text.contains("main");
    if !has_debian || text.contains("deb.debian.org") {
        return Vec::new();
    }
    let mut keys = files(&apt.join("trusted.gpg.d"));
    keys.extend(files(&apt.join("keyrings")));
    sources.into_iter().chain(read_below(&apt, keys)).collect()
}

/// The files that can be read, by their path below `folder`.
fn read_below(folder: &Utf8Path, paths: Vec<Utf8PathBuf>) -> Vec<(Utf8PathBuf, Vec<u8>)> {
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read(&path).ok()?;
            Some((path.strip_prefix(folder).ok()?.to_owned(), text))
        })
        .collect()
}

/// Proxies that a container can reach: one on the loopback interface of the host is not among them.
fn proxies(variables: &[(String, String)]) -> Vec<(String, String)> {
    let all: Vec<(String, String)> = PROXY_VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), value(variables, name)?.to_owned())))
        .filter(|(name, value)| {
            name.eq_ignore_ascii_case("no_proxy") || !(value.is_empty() || is_loopback(value))
        })
        .collect();
    let any_proxy = all
        .iter()
        .any(|(name, _)| !name.eq_ignore_ascii_case("no_proxy"));
    if any_proxy { all } else { Vec::new() }
}

fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
}

/// Whether `path` is a file that can be mounted.
pub(super) fn is_file(path: impl AsRef<Path>) -> bool {
    path.as_ref().is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Host {
        _keep: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    fn host(files: &[(&str, &str)]) -> Host {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Host { _keep: keep, root }
    }

    fn variables(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

    #[test]
    fn an_ordinary_host_has_nothing_to_hand_on() {
        let host = host(&[
            ("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n"),
            (
                "etc/apt/sources.list",
                "deb http://deb.debian.org/debian bookworm main\n",
            ),
            (
                "etc/apt/apt.conf.d/01autoremove",
                "APT::NeverAutoRemove \"x\";\n",
            ),
        ]);
        let variables = variables(&[
            ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
            ("NO_PROXY", "localhost"),
            ("http_proxy", "http://127.0.0.1:3128"),
        ]);
        assert_eq!(
            HostSettings::of(&host.root, &variables),
            HostSettings::default()
        );
    }

    #[test]
    fn authorities_come_from_the_system_and_from_the_environment() {
        let other = PEM.replace('x', "y");
        let host = host(&[
            ("usr/local/share/ca-certificates/company.crt", PEM),
            ("usr/local/share/ca-certificates/README", "no certificate"),
            ("home/bundle.pem", &other),
        ]);
        let bundle = host.root.join("home/bundle.pem");
        let variables = variables(&[
            ("REQUESTS_CA_BUNDLE", bundle.as_str()),
            ("CURL_CA_BUNDLE", bundle.as_str()),
        ]);
        let settings = HostSettings::of(&host.root, &variables);
        assert_eq!(settings.certificates, [PEM.as_bytes(), other.as_bytes()]);
    }

    #[test]
    fn a_company_mirror_replaces_debians_servers() {
        let host = host(&[
            ("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n"),
            (
                "etc/apt/sources.list",
                "# deb http://deb.debian.org/debian bookworm main\ndeb http://mirror.example/debian bookworm main\n",
            ),
            ("etc/apt/keyrings/company.gpg", "key"),
            (
                "etc/apt/apt.conf.d/proxy",
                "Acquire::http::Proxy \"http://proxy.example:3128\";\n",
            ),
        ]);
        let settings = HostSettings::of(&host.root, &[]);
        assert!(settings.apt_sources);
        let names: Vec<&str> = settings.apt.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            names,
            ["apt.conf.d/proxy", "sources.list", "keyrings/company.gpg"]
        );
    }

    #[test]
    fn proxies_are_handed_on_with_their_exceptions() {
        let host = host(&[]);
        let variables = variables(&[
            ("https_proxy", "http://user:pw@proxy.example:3128"),
            ("no_proxy", "localhost,.example"),
        ]);
        assert_eq!(HostSettings::of(&host.root, &variables).proxies, variables);
    }
}
