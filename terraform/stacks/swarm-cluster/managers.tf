# A manager's addresses, the private one that nodes know it by and the public one in the
# cluster's URLs, outlive the instance that has them.
resource "aws_network_interface" "manager" {
  count = var.manager_count

  description     = "${local.name}-manager-${count.index + 1}"
  subnet_id       = module.network.public_subnet_ids[count.index % length(local.availability_zones)]
  security_groups = [aws_security_group.cluster.id, aws_security_group.managers.id]

  tags = { Name = "${local.name}-manager-${count.index + 1}" }
}

# Providers before 5 know only `vpc`, those from 6 on only `domain`; without either AWS
# allocates an address for use in a VPC.
resource "aws_eip" "manager" {
  count = var.manager_count

  tags = { Name = "${local.name}-manager-${count.index + 1}" }
}

resource "aws_eip_association" "manager" {
  count = var.manager_count

  allocation_id        = aws_eip.manager[count.index].id
  network_interface_id = aws_network_interface.manager[count.index].id
}

# The first one founds the swarm; the others join it.
resource "aws_instance" "manager" {
  count = var.manager_count

  ami                  = var.ami_id
  instance_type        = var.manager_instance_type
  iam_instance_profile = module.manager_role.profile_name

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.manager[count.index].id
  }

  user_data = templatefile(local.user_data_template, {
    node = merge(local.told, {
      role         = "manager"
      founder      = count.index == 0
      generation   = terraform_data.generation.id
      join_secrets = { for role, secret in aws_secretsmanager_secret.join : role => secret.arn }
      services     = local.services
    })
  })

  # One hop keeps the instance's credentials from its containers.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.root_volume_size
    encrypted             = true
    delete_on_termination = true
  }

  tags        = { Name = "${local.name}-manager-${count.index + 1}" }
  volume_tags = merge(local.tags, { Name = "${local.name}-manager-${count.index + 1}" })

  lifecycle {
    # Newer providers would change user data in place, where nobody reads it again.
    replace_triggered_by = [terraform_data.generation]
  }

  # In the other direction when all is destroyed: the machines go while their network,
  # their way out and their rights are still there.
  depends_on = [
    aws_eip_association.manager,
    aws_security_group_rule.cluster_in,
    aws_security_group_rule.cluster_out,
    aws_security_group_rule.cluster_to_web,
  ]
}
