# The first one founds the swarm; the others join it.
resource "aws_instance" "manager" {
  count = var.manager_count

  ami                    = var.ami_id
  instance_type          = var.manager_instance_type
  subnet_id              = module.network.public_subnet_ids[count.index % length(local.availability_zones)]
  vpc_security_group_ids = local.manager_groups
  iam_instance_profile   = module.manager_role.profile_name

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

    # Other groups are another generation anyway. AWS emulators forget an instance's
    # groups, and every plan would add them again.
    ignore_changes = [vpc_security_group_ids]
  }

  # In the other direction when all is destroyed: the machines go while their network,
  # their way out and their rights are still there.
  depends_on = [
    aws_security_group_rule.cluster_in,
    aws_security_group_rule.cluster_out,
    aws_security_group_rule.cluster_to_web,
  ]
}

# Stays when the manager behind it is renewed, and the cluster's URLs with it. Providers
# before 5 know only `vpc`, those from 6 on only `domain`; without either AWS allocates an
# address for use in a VPC.
resource "aws_eip" "master" {
  tags = { Name = local.name }

  # An address that is in use keeps the internet gateway from going.
  depends_on = [module.network]
}

resource "aws_eip_association" "master" {
  allocation_id = aws_eip.master.id
  instance_id   = aws_instance.manager[0].id
}
