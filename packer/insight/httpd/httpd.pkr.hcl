# The image of insight's httpd: Ubuntu 24.04 with httpd, the Flask application and Consul.

variable "region" {
  type        = string
  description = "Region to build in. Empty: AWS_DEFAULT_REGION, then us-east-1."
  default     = env("AWS_DEFAULT_REGION")
}

variable "instance_type" {
  type        = string
  description = "Type of the instance that builds."
  default     = "t3.small"
}

variable "volume_size" {
  type        = number
  description = "Size of the root volume in GiB."
  default     = 8
}

variable "consul_url" {
  type        = string
  description = "Where Consul's releases are: the publisher, or a mirror with the same files (http, https or file)."
  default     = "https://releases.hashicorp.com/consul"
}

variable "consul_version" {
  type        = string
  description = "Version of Consul."
  default     = "1.20.2"
}

variable "consul_key_url" {
  type        = string
  description = "Where the publisher's public key is. Empty: below consul_url for a mirror, or at the publisher's."
  default     = ""
}

variable "consul_key_fingerprint" {
  type        = string
  description = "Fingerprint of the key that signs releases (HashiCorp's, from its page on security)."
  default     = "C874011F0AB405110D02105534365D9472D7468F"
}

variable "consul_stand_in" {
  type        = string
  description = "What happens where consul_url cannot be reached: refused fails, allowed installs a stand-in that must not leave a sandbox."
  default     = "refused"
}

locals {
  region = var.region != "" ? var.region : "us-east-1"

  # Packer reports what a script says on standard error as an error of its own: installers
  # chatter there, and a script that fails says so by its exit code.
  as_root = "sudo -H sh -c '. {{ .EnvVarFile }} && exec sh {{ .Path }} 2>&1'"
}

source "amazon-ebs" "httpd" {
  region        = local.region
  instance_type = var.instance_type
  ami_name      = "insight-httpd"
  ssh_username  = "ubuntu"

  # Canonical's, with the agent of Session Manager in it.
  source_ami_filter {
    filters = {
      name                = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = ["099720109477"]
    most_recent = true
  }

  # Encrypted from the start: encrypting the finished image would copy it once more.
  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = var.volume_size
    throughput            = 125
    iops                  = 3000
    encrypted             = true
    delete_on_termination = true
  }

  tags = {
    Name       = "insight-httpd"
    Base_AMI   = "{{ .SourceAMI }}"
    OS_Release = "Ubuntu 24.04"
  }

  run_tags = {
    Name = "packer: insight-httpd"
  }
}

build {
  sources = ["source.amazon-ebs.httpd"]

  # Readable by nobody else while it is there.
  provisioner "shell" {
    inline = ["rm -rf /tmp/insight && mkdir -m 0700 /tmp/insight"]
  }

  provisioner "file" {
    source      = "../../../infra/insight/app"
    destination = "/tmp/insight"
  }

  provisioner "file" {
    source      = "../../../infra/insight/host/common"
    destination = "/tmp/insight"
  }

  provisioner "file" {
    source      = "../../../infra/insight/host/httpd"
    destination = "/tmp/insight"
  }

  provisioner "file" {
    source      = "../../../infra/insight/stand-in"
    destination = "/tmp/insight"
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = [
      "IMAGE=httpd",
      "CONSUL_URL=${var.consul_url}",
      "CONSUL_VERSION=${var.consul_version}",
      "CONSUL_KEY_URL=${var.consul_key_url}",
      "CONSUL_KEY_FINGERPRINT=${var.consul_key_fingerprint}",
      "CONSUL_STAND_IN=${var.consul_stand_in}",
    ]
    scripts = [
      "../../common/wait-for-cloud-init.sh",
      "../scripts/install-tools.sh",
      "../scripts/install-aws-cli.sh",
      "../scripts/install-consul.sh",
      "../scripts/install-httpd.sh",
      "../scripts/install-app.sh",
      "../scripts/install-host.sh",
      "../scripts/install-units.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = [
      "IMAGE=httpd",
      "CONSUL_STAND_IN=${var.consul_stand_in}",
    ]
    scripts = [
      "../scripts/verify/httpd.sh",
      "../scripts/verify/consul.sh",
      "../scripts/verify/units.sh",
      "../../common/verify/session-manager.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = ["LEFTOVERS=/tmp/insight"]
    scripts = [
      "../scripts/verify/secrets.sh",
      "../../common/seal.sh",
    ]
  }
}
