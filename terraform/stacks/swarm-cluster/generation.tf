locals {
  # What every node is told, but for its generation.
  told = {
    region       = data.aws_region.current.id
    managers     = var.manager_count
    address_pool = var.address_pool
  }

  services = {
    WEB_IMAGE        = var.web_image
    WEB_REPLICAS     = tostring(var.web_replicas)
    VISUALIZER_IMAGE = var.visualizer_image
    REDIS_IMAGE      = var.redis_image
  }

  manager_groups = [aws_security_group.cluster.id, aws_security_group.managers.id]

  user_data_template = "${path.module}/templates/user-data.sh.tftpl"
}

# The managers' disks hold the swarm, so other managers are another swarm, and a token of
# the one before must admit nobody to it. Whatever renews the managers gives the cluster
# another generation, which renews the workers too.
resource "terraform_data" "generation" {
  triggers_replace = {
    image_id         = var.ami_id
    instance_type    = var.manager_instance_type
    root_device_name = var.root_device_name
    root_volume_size = var.root_volume_size
    subnets          = local.public_subnets
    security_groups  = local.manager_groups
    told             = local.told
    services         = local.services
    join_secrets     = { for role, secret in aws_secretsmanager_secret.join : role => secret.arn }
    user_data        = filesha256(local.user_data_template)
  }
}
