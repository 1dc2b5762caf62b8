//! RunInstances: only from an AMI that is available (moto launches deregistered ones).

use std::io;

use super::{
    super::{
        call::Call,
        http::{Request, Response},
        moto::{self, Moto},
    },
    Strict,
    visibility::Seen,
};

pub fn run(strict: &Strict, request: &Request, call: &Call, moto: Moto) -> io::Result<Response> {
    let Some(id) = call.parameter("ImageId") else {
        return moto.forward(request);
    };
    let known = moto.ec2(&call.region, "DescribeImages", &[("ImageId.1", id)])?;
    if !known.is_success() {
        return Ok(known);
    }
    // An AMI that was deregistered is known, and there is no description of it.
    let registered = !moto::images(&known.text()).is_empty();
    if !registered || strict.state().visibility.look(id) != Seen::AsItIs {
        let message = format!("The image ID '{id}' is not available");
        return Ok(call.error(400, "InvalidAMIID.Unavailable", &message));
    }
    moto.forward(request)
}
