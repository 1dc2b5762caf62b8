# PostgreSQL on our own image, in the first zone's private subnet. The machine is
# thrown away with its image; the data is on a volume that is not.

locals {
  # Never the subnet's first four addresses or the last one, which AWS keeps. It stays
  # the same for the next machine, so that the agents find their server again. The web
  # servers are told this one and not the machine's attribute: their group is created
  # before it is destroyed, and what it depends on would be too, but two machines cannot
  # have one volume.
  database_address = cidrhost(local.private_subnets[local.availability_zones[0]], 10)

  database_env = local.own_database ? merge(local.mesh_env, {
    DB_NAME           = "insight"
    DB_USER           = "insight"
    DB_SECRET_ARN     = module.db_secret.arn
    DB_SECRET_VERSION = module.db_secret.version_id
    DATA_VOLUME       = aws_ebs_volume.data[0].id
    WEB_CIDRS         = join(" ", values(local.public_subnets))
    CONSUL_ROLE       = "server"
    CONSUL_SERVER     = ""
  }) : {}

  database_machine = {
    image_id         = var.postgres_ami_id
    instance_type    = var.database_instance_type
    root_volume_size = var.root_volume_size
    user_data = templatefile("${path.module}/templates/user-data.sh.tftpl", {
      instance_env = local.database_env
      service      = "insight-database-boot.service"
    })
  }
}

resource "aws_ebs_volume" "data" {
  count = local.own_database ? 1 : 0

  availability_zone = local.availability_zones[0]
  size              = var.data_volume_size
  type              = "gp3"
  encrypted         = true
  snapshot_id       = var.data_snapshot_id

  tags = { Name = "${local.name}-data" }
}

# Changes whenever another machine is needed. Some versions of the provider would
# restart a machine with new user data, which would not run it.
resource "terraform_data" "database_machine" {
  count = local.own_database ? 1 : 0

  input = sha256(jsonencode(local.database_machine))
}

# The state in which another machine gets the data. All of a database on one volume can be
# copied while it runs: PostgreSQL starts from it as after a power cut.
resource "aws_ebs_snapshot" "before_replacement" {
  count = local.own_database ? 1 : 0

  volume_id   = aws_ebs_volume.data[0].id
  description = "Data of ${local.name}, before the machine that runs ${var.postgres_ami_id}"

  tags = { Name = "${local.name}-data" }

  lifecycle {
    replace_triggered_by  = [terraform_data.database_machine[0]]
    create_before_destroy = true
  }
}

resource "aws_instance" "database" {
  count = local.own_database ? 1 : 0

  ami                    = local.database_machine.image_id
  instance_type          = local.database_machine.instance_type
  user_data              = local.database_machine.user_data
  subnet_id              = module.network.private_subnet_ids[0]
  private_ip             = var.pin_database_address ? local.database_address : null
  vpc_security_group_ids = [aws_security_group.database[0].id]
  iam_instance_profile   = module.database_role[0].profile_name
  key_name               = var.ssh_key_name

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = local.database_machine.root_volume_size
    encrypted             = true
    delete_on_termination = true
  }

  tags = { Name = "${local.name}-db" }

  lifecycle {
    replace_triggered_by = [terraform_data.database_machine[0], aws_security_group.database[0].id]

    # AWS emulators report the group at the network interface alone, and every plan would
    # put it back here. Another group makes another machine.
    ignore_changes = [vpc_security_group_ids]
  }

  # A machine that boots before it may read its secrets or reach the network gives up,
  # and none may touch the data before its copy is complete.
  depends_on = [
    aws_ebs_snapshot.before_replacement,
    aws_security_group_rule.database_to_internet,
  ]
}

resource "aws_volume_attachment" "data" {
  count = local.own_database ? 1 : 0

  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data[0].id
  instance_id = aws_instance.database[0].id

  # A volume that is in use cannot be taken from a running machine. The machine's end
  # stops PostgreSQL, unmounts the volume and gives it back.
  skip_destroy = true
}
