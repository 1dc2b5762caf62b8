variable "instance_type" {
  type        = string
  description = "Type of the instance that builds."
  default     = "t3.micro"
}

source "amazon-ebs" "web" {
  ami_name      = "@NAME@"
  instance_type = var.instance_type
  region        = "@REGION@"
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
}

build {
  sources = ["source.amazon-ebs.web"]

  provisioner "shell" {
    execute_command = "sudo env {{ .Vars }} sh {{ .Path }}"
    script          = "scripts/install.sh"
  }
}
