locals {
  machine = {
    image_id         = var.ami_id
    instance_type    = var.instance_type
    root_volume_size = var.root_volume_size
    key_name         = var.key_name
    user_data = templatefile("${path.module}/templates/user-data.sh.tftpl", {
      instance_env = {
        AWS_DEFAULT_REGION = data.aws_region.current.id
        DATA_VOLUME        = aws_ebs_volume.data.id
        DATABASE           = var.database_name
        MYSQL_SECRET_ARN   = module.mysql_secret.arn
        SECRET_KEY_ARN     = module.key_secret.arn
        # The machine reads its secrets when it boots. A changed one has to make a new
        # machine, and does so by changing what it is told.
        MYSQL_SECRET_VERSION = module.mysql_secret.version_id
        SECRET_KEY_VERSION   = module.key_secret.version_id
        METRICS_NAMESPACE    = var.alarms ? local.name : ""
      }
    })
  }
}

# Changes whenever another machine is needed. Some versions of the provider would
# restart a machine with new user data, which would not run it.
resource "terraform_data" "machine" {
  input = sha256(jsonencode(local.machine))
}

resource "aws_instance" "host" {
  ami                    = local.machine.image_id
  instance_type          = local.machine.instance_type
  user_data              = local.machine.user_data
  key_name               = local.machine.key_name
  subnet_id              = module.network.public_subnet_ids[0]
  vpc_security_group_ids = [aws_security_group.host.id]
  iam_instance_profile   = module.role.profile_name

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop ends at the machine: no container gets its credentials.
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = local.machine.root_volume_size
    encrypted             = true
    delete_on_termination = true
  }

  tags = { Name = coalesce(var.instance_name, "${local.name}-host") }

  lifecycle {
    replace_triggered_by = [terraform_data.machine, aws_security_group.host.id]

    # AWS emulators report the group at the network interface alone, and every plan would
    # put it back here. Another group makes another machine.
    ignore_changes = [vpc_security_group_ids]

    # Here and not at the variable: a destroy needs no key pair.
    precondition {
      condition     = var.key_name != ""
      error_message = "The key_name must name an EC2 key pair of the region, for example by KEY_NAME in the environment: without its private key nobody can release."
    }
  }

  # A machine that boots before it may reach the network gives up, and none may touch the
  # data before its copy is complete.
  depends_on = [
    aws_ebs_snapshot.before_replacement,
    aws_security_group_rule.internet,
  ]
}
