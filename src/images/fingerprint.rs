//! x
use serde::{Serialize,Deserialize};
use crate::events::BuildReason;
#[derive(Serialize,Deserialize)]
pub struct FingerprintManifest {}
pub struct Fingerprint(String);
impl Fingerprint { pub fn as_str(&self)->&str{&self.0} }
impl FingerprintManifest { pub fn fingerprint(&self)->Fingerprint{Fingerprint(String::new())} pub fn diff(&self,_:&Self)->Vec<BuildReason>{vec![]} }
