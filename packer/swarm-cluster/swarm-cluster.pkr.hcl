# The machine image of managers and workers alike: Ubuntu 24.04 with Docker and the
# program that brings a machine into its swarm. Which of the two it becomes, user data says.

variable "region" {
  type        = string
  description = "Region to build in. Empty: AWS_DEFAULT_REGION, then eu-west-2."
  default     = env("AWS_DEFAULT_REGION")
}

variable "instance_type" {
  type        = string
  description = "Type of the instance that builds."
  default     = "t3.micro"
}

variable "volume_size" {
  type        = number
  description = "Size of the root volume in GiB."
  default     = 8
}

locals {
  region = var.region != "" ? var.region : "eu-west-2"

  # Packer reports what a script says on standard error as an error of its own:
  # installers chatter there, and a script that fails says so by its exit code.
  as_root = "sudo -H sh -c '. {{ .EnvVarFile }} && exec sh {{ .Path }} 2>&1'"
}

# Ubuntu rather than Debian: Session Manager's agent is part of Canonical's images.
source "amazon-ebs" "swarm-cluster" {
  region        = local.region
  instance_type = var.instance_type
  ami_name      = "swarm-cluster"
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
    Name       = "swarm-cluster"
    Base_AMI   = "{{ .SourceAMI }}"
    OS_Release = "Ubuntu 24.04"
  }

  run_tags = {
    Name = "packer: swarm-cluster"
  }
}

build {
  sources = ["source.amazon-ebs.swarm-cluster"]

  provisioner "shell" {
    inline = ["rm -rf /tmp/swarm-cluster && mkdir -m 0700 /tmp/swarm-cluster"]
  }

  provisioner "file" {
    source      = "../../infra/swarm-cluster/app"
    destination = "/tmp/swarm-cluster"
  }

  provisioner "file" {
    source      = "../../infra/swarm-cluster/host"
    destination = "/tmp/swarm-cluster"
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    scripts = [
      "../common/wait-for-cloud-init.sh",
      "scripts/install-tools.sh",
      "scripts/install-docker.sh",
      "scripts/install-host.sh",
      "../common/start-docker.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    scripts = [
      "scripts/verify/docker.sh",
      "scripts/verify/node.sh",
      "scripts/verify/compose.sh",
      "scripts/verify/units.sh",
      "../common/verify/session-manager.sh",
      "scripts/verify/secrets.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = ["LEFTOVERS=/tmp/swarm-cluster /var/lib/swarm-cluster"]
    scripts = [
      "../common/stop-docker.sh",
      "../common/seal.sh",
    ]
  }
}
