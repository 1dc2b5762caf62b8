locals {
  desired_capacity = coalesce(var.desired_capacity, var.min_size)

  instance_env = {
    DB_HOST            = module.database.address
    DB_PORT            = tostring(module.database.port)
    DB_NAME            = "dashboard"
    DB_USER            = module.database.username
    DB_SECRET_ARN      = module.db_secret.arn
    AWS_DEFAULT_REGION = data.aws_region.current.id
    APP_REPOSITORY     = var.app_repository
    APP_BRANCH         = var.app_branch

    # Instances read the password when they boot. A changed one has to make new
    # instances, and does so by changing what they are told.
    DB_SECRET_VERSION = module.db_secret.version_id
  }

  instance = {
    image_id         = var.ami_id
    instance_type    = var.instance_type
    root_device_name = var.root_device_name
    root_volume_size = var.root_volume_size
    user_data        = base64encode(templatefile("${path.module}/templates/user-data.sh.tftpl", { instance_env = local.instance_env }))
    tags             = merge(local.tags, { Name = local.name })
  }
}

# Old versions of a template would go on naming images that nothing runs any more.
# So what decides an instance is part of the template's name, and a change makes
# another template instead of another version.
resource "aws_launch_template" "dashboard" {
  name_prefix            = "${local.name}-${substr(sha1(jsonencode(local.instance)), 0, 7)}-"
  description            = "Instances of ${local.name}"
  image_id               = local.instance.image_id
  instance_type          = local.instance.instance_type
  vpc_security_group_ids = [aws_security_group.instances.id]
  update_default_version = true
  user_data              = local.instance.user_data

  iam_instance_profile {
    arn = aws_iam_instance_profile.instance.arn
  }

  # One hop keeps the instance's credentials from its containers.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = local.instance.root_device_name

    ebs {
      volume_type           = "gp3"
      volume_size           = local.instance.root_volume_size
      encrypted             = true
      delete_on_termination = true
    }
  }

  # The provider's default tags do not reach what the auto scaling group launches.
  tag_specifications {
    resource_type = "volume"
    tags          = local.instance.tags
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
resource "aws_autoscaling_group" "dashboard" {
  name_prefix         = "${local.name}-${aws_launch_template.dashboard.id}-${aws_launch_template.dashboard.latest_version}-"
  vpc_zone_identifier = module.network.public_subnet_ids
  target_group_arns   = [module.load_balancer.target_group_arn]

  min_size                  = var.min_size
  max_size                  = var.max_size
  desired_capacity          = local.desired_capacity
  min_elb_capacity          = coalesce(var.healthy_before_switch, local.desired_capacity)
  wait_for_capacity_timeout = var.healthy_timeout
  health_check_type         = "ELB"
  health_check_grace_period = var.health_check_grace_period

  launch_template {
    id      = aws_launch_template.dashboard.id
    version = aws_launch_template.dashboard.latest_version
  }

  dynamic "tag" {
    for_each = local.instance.tags

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

    precondition {
      condition     = coalesce(var.healthy_before_switch, 0) <= local.desired_capacity
      error_message = "The healthy_before_switch must not be more than desired_capacity: so many instances there will never be."
    }
  }

  # An instance that boots before it may read its secret or reach the network gives up.
  depends_on = [
    aws_iam_role_policy.read_db_secret,
    aws_security_group_rule.instances_from_load_balancer,
    aws_security_group_rule.instances_to_database,
    aws_security_group_rule.instances_to_web,
  ]
}
