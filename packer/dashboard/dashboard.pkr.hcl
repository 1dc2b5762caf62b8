# The dashboard's machine image: Debian 12 with Docker, the app and its images.

variable "region" {
  type        = string
  description = "Region to build in. Empty: AWS_DEFAULT_REGION, then us-east-1."
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

variable "dockerhub_user" {
  type        = string
  description = "Account to push the app's images to. Empty: they are not pushed."
  default     = env("DOCKERHUB_USER")
}

variable "dockerhub_pass" {
  type        = string
  description = "Password or access token of that account."
  default     = env("DOCKERHUB_PASS")
  sensitive   = true
}

locals {
  region = var.region != "" ? var.region : "us-east-1"

  # Variables go to the scripts in a file, as an argument would show them in the
  # machine's process list. Packer reports what a script says on standard error as an
  # error of its own: installers chatter there, and a script that fails says so by its
  # exit code.
  as_root = "sudo -H sh -c '. {{ .EnvVarFile }} && exec sh {{ .Path }} 2>&1'"
}

source "amazon-ebs" "dashboard" {
  region        = local.region
  instance_type = var.instance_type
  ami_name      = "rescale-dashboard-ami-prod"
  ssh_username  = "admin"

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = ["136693071363"]
    most_recent = true
  }

  # Encrypted from the start: encrypting the finished image would copy it once more.
  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = var.volume_size
    throughput            = 125
    iops                  = 3000
    encrypted             = true
    delete_on_termination = true
  }

  tags = {
    Name       = "rescale-dashboard-ami-prod"
    Base_AMI   = "{{ .SourceAMI }}"
    OS_Release = "Debian 12"
  }

  run_tags = {
    Name = "packer: rescale-dashboard-ami-prod"
  }
}

build {
  sources = ["source.amazon-ebs.dashboard"]

  # Readable by nobody else while it is there.
  provisioner "shell" {
    inline = ["rm -rf /tmp/dashboard && mkdir -m 0700 /tmp/dashboard"]
  }

  provisioner "file" {
    source      = "../../infra/dashboard/app"
    destination = "/tmp/dashboard"
  }

  provisioner "file" {
    source      = "../../infra/dashboard/host"
    destination = "/tmp/dashboard"
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    # As the drop-in local-images.conf has it where systemd runs the daemon.
    environment_vars = ["DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1"]
    scripts = [
      "../common/wait-for-cloud-init.sh",
      "scripts/install-tools.sh",
      "scripts/install-aws-cli.sh",
      "scripts/install-docker.sh",
      "scripts/install-host.sh",
      "scripts/install-units.sh",
      "scripts/install-app.sh",
      "../common/start-docker.sh",
      "scripts/provide-base-image.sh",
      "scripts/build-images.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    scripts = [
      "scripts/verify/docker.sh",
      "scripts/verify/compose.sh",
      "scripts/verify/images.sh",
      "scripts/verify/units.sh",
    ]
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = [
      "DOCKERHUB_USER=${var.dockerhub_user}",
      "DOCKERHUB_PASS=${var.dockerhub_pass}",
    ]
    script = "scripts/push-images.sh"
  }

  provisioner "shell" {
    execute_command  = local.as_root
    use_env_var_file = true
    environment_vars = ["LEFTOVERS=/tmp/dashboard"]
    scripts = [
      "scripts/verify/secrets.sh",
      "scripts/prune-docker.sh",
      "../common/stop-docker.sh",
      "../common/seal.sh",
    ]
  }
}
