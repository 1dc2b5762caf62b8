# The machine image of the single host: Ubuntu 24.04 with Docker, nginx, MariaDB as a
# container's image, and the program that releases the application.

variable "region" {
  type        = string
  description = "Region to build in. Empty: AWS_DEFAULT_REGION, then eu-west-1."
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
  default     = 10
}

locals {
  region = var.region != "" ? var.region : "eu-west-1"

  # Packer reports what a script says on standard error as an error of its own:
  # installers chatter there, and a script that fails says so by its exit code.
  as_root = "sudo -H sh -c '. {{ .EnvVarFile }} && exec sh {{ .Path }} 2>&1'"
}

# Ubuntu rather than Debian: Session Manager's agent is part of Canonical's images.
source "amazon-ebs" "single-host" {
  region        = local.region
  instance_type = var.instance_type
  ami_name      = "single-host"
  ssh_username  = "ubuntu"

  source_ami_filter {
    filters = {
      name                = "ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*"
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
    Name       = "single-host"
    Base_AMI   = "{{ .SourceAMI }}"
    OS_Release = "Ubuntu 24.04"
  }

  run_tags = {
    Name = "packer: single-host"
  }
}

build {
  sources = ["source.amazon-ebs.single-host"]

  provisioner "shell" {
    inline = ["rm -rf /tmp/single-host && mkdir -m 0700 /tmp/single-host"]
  }

  provisioner "file" {
    source      = "../../infra/single-host/host"
    destination = "/tmp/single-host"
  }

  provisioner "file" {
    source      = "../../infra/single-host/database"
    destination = "/tmp/single-host"
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    scripts = [
      "../common/wait-for-cloud-init.sh",
      "scripts/install-packages.sh",
      "scripts/install-host.sh",
      "../common/start-docker.sh",
      "scripts/build-images.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    scripts = [
      "scripts/verify/docker.sh",
      "scripts/verify/database.sh",
      "scripts/verify/nginx.sh",
      "scripts/verify/host.sh",
      "scripts/verify/units.sh",
      "../common/verify/session-manager.sh",
      "scripts/verify/secrets.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = ["LEFTOVERS=/tmp/single-host"]
    scripts = [
      "../common/stop-docker.sh",
      "../common/seal.sh",
    ]
  }
}
