locals {
  desired_capacity = coalesce(var.desired_capacity, var.min_size)

  mesh_env = local.own_database ? {
    AWS_DEFAULT_REGION = data.aws_region.current.id
    CONSUL_DATACENTER  = local.name
    MESH_SECRET_ARN    = module.mesh_secret[0].arn
    # Instances read a secret when they boot. A changed one has to make new instances,
    # and does so by changing what they are told.
    MESH_SECRET_VERSION = module.mesh_secret[0].version_id
    } : {
    AWS_DEFAULT_REGION  = data.aws_region.current.id
    CONSUL_DATACENTER   = ""
    MESH_SECRET_ARN     = ""
    MESH_SECRET_VERSION = ""
  }

  web_env = merge(local.mesh_env, {
    DB_HOST           = local.own_database ? "postgres.service.consul" : module.rds[0].address
    DB_PORT           = "5432"
    DB_NAME           = "insight"
    DB_USER           = "insight"
    DB_SECRET_ARN     = module.db_secret.arn
    DB_SECRET_VERSION = module.db_secret.version_id
    # On RDS the administrator is all there is at first; our own machine makes its database.
    DB_CREATE     = local.own_database ? "no" : "yes"
    CONSUL_ROLE   = local.own_database ? "client" : ""
    CONSUL_SERVER = local.own_database ? local.database_address : ""
  })

  web_machine = {
    image_id         = var.httpd_ami_id
    instance_type    = var.web_instance_type
    root_volume_size = var.root_volume_size
    key_name         = var.ssh_key_name
    user_data = base64encode(templatefile("${path.module}/templates/user-data.sh.tftpl", {
      instance_env = local.web_env
      service      = "insight-web-boot.service"
    }))
    tags = merge(local.tags, { Name = "${local.name}-web" })
  }
}

# Old versions of a template would go on naming images that nothing runs any more.
# So what decides an instance is part of the template's name, and a change makes
# another template instead of another version.
resource "aws_launch_template" "web" {
  name_prefix            = "${local.name}-web-${substr(sha1(jsonencode(local.web_machine)), 0, 7)}-"
  description            = "Web servers of ${local.name}"
  image_id               = local.web_machine.image_id
  instance_type          = local.web_machine.instance_type
  key_name               = local.web_machine.key_name
  vpc_security_group_ids = [aws_security_group.web.id]
  update_default_version = true
  user_data              = local.web_machine.user_data

  iam_instance_profile {
    arn = module.web_role.profile_arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/sda1"

    ebs {
      volume_type           = "gp3"
      volume_size           = local.web_machine.root_volume_size
      encrypted             = true
      delete_on_termination = true
    }
  }

  # The provider's default tags do not reach what the auto scaling group launches.
  tag_specifications {
    resource_type = "volume"
    tags          = local.web_machine.tags
  }

  lifecycle {
    create_before_destroy = true

    # Other tags make another template anyway. AWS emulators mix the template's own
    # tags into these, and every plan would take them out again.
    ignore_changes = [tag_specifications]
  }
}

# Each launch template, and each version of it, gets a group of its own. The old
# group goes only when the load balancer finds the new one's instances healthy; if
# it never does, the old one goes on serving.
resource "aws_autoscaling_group" "web" {
  name_prefix         = "${local.name}-${aws_launch_template.web.id}-${aws_launch_template.web.latest_version}-"
  vpc_zone_identifier = module.network.public_subnet_ids
  target_group_arns   = [module.load_balancer.target_group_arn]

  min_size                  = var.min_size
  max_size                  = var.max_size
  desired_capacity          = local.desired_capacity
  min_elb_capacity          = local.desired_capacity
  wait_for_capacity_timeout = var.healthy_timeout
  health_check_type         = "ELB"
  health_check_grace_period = 300

  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }

  dynamic "tag" {
    for_each = local.web_machine.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = var.min_size <= local.desired_capacity && local.desired_capacity <= var.max_size
      error_message = "The sizes must be in order: min_size <= desired_capacity <= max_size."
    }
  }

  # An instance that boots before it may reach the network gives up.
  depends_on = [
    aws_security_group_rule.web_from_load_balancer,
    aws_security_group_rule.web_to_database,
    aws_security_group_rule.web_to_internet,
    aws_security_group_rule.mesh_in,
    aws_security_group_rule.mesh_out,
  ]
}
