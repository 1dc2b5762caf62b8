locals {
  worker = {
    image_id         = var.ami_id
    instance_type    = var.worker_instance_type
    root_device_name = var.root_device_name
    root_volume_size = var.root_volume_size
    tags             = merge(local.tags, { Name = "${local.name}-worker" })

    user_data = base64encode(templatefile(local.user_data_template, {
      node = merge(local.told, {
        role         = "worker"
        founder      = false
        generation   = terraform_data.generation.id
        join_secrets = { worker = aws_secretsmanager_secret.join["worker"].arn }
        services     = {}
      })
    }))
  }
}

# Old versions of a template would go on naming images that nothing runs any more. So
# what decides a worker is part of the template's name, and a change makes another one.
resource "aws_launch_template" "worker" {
  name_prefix            = "${local.name}-worker-${substr(sha1(jsonencode(local.worker)), 0, 7)}-"
  description            = "Workers of ${local.name}"
  image_id               = local.worker.image_id
  instance_type          = local.worker.instance_type
  vpc_security_group_ids = [aws_security_group.cluster.id]
  update_default_version = true
  user_data              = local.worker.user_data

  iam_instance_profile {
    arn = module.worker_role.profile_arn
  }

  # One hop keeps the instance's credentials from its containers.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = local.worker.root_device_name

    ebs {
      volume_type           = "gp3"
      volume_size           = local.worker.root_volume_size
      encrypted             = true
      delete_on_termination = true
    }
  }

  # The provider's default tags do not reach what the auto scaling group launches.
  tag_specifications {
    resource_type = "volume"
    tags          = local.worker.tags
  }

  lifecycle {
    create_before_destroy = true

    # Other tags make another template anyway. AWS emulators mix the template's own
    # tags into these, and every plan would take them out again.
    ignore_changes = [tag_specifications]
  }
}

# Each launch template has a group of its own: new workers are there before the old ones
# go. A worker that fails is replaced by the group, and joins by itself.
resource "aws_autoscaling_group" "worker" {
  name_prefix         = "${local.name}-worker-${aws_launch_template.worker.id}-${aws_launch_template.worker.latest_version}-"
  vpc_zone_identifier = module.network.private_subnet_ids

  min_size                  = var.worker_count
  max_size                  = var.worker_count
  desired_capacity          = var.worker_count
  wait_for_capacity_timeout = var.capacity_timeout
  health_check_type         = "EC2"

  launch_template {
    id      = aws_launch_template.worker.id
    version = aws_launch_template.worker.latest_version
  }

  dynamic "tag" {
    for_each = local.worker.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # The group has ended when its last instance has.
  timeouts {
    delete = var.delete_timeout
  }

  lifecycle {
    create_before_destroy = true
  }

  # Workers would only wait for a manager's token, and on the way down they leave first.
  depends_on = [
    aws_instance.manager,
    aws_security_group_rule.cluster_in,
    aws_security_group_rule.cluster_out,
    aws_security_group_rule.cluster_to_web,
  ]
}
