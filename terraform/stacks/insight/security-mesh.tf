# What Consul's agents say to each other (Consul documentation, "Required ports"): every
# member gossips with every other on 8301, clients call the server on 8300. Their HTTP
# API and DNS listen on loopback alone.
locals {
  mesh_flows = local.own_database ? {
    gossip_tcp_among_web   = { from = "web", to = "web", protocol = "tcp", port = 8301 }
    gossip_udp_among_web   = { from = "web", to = "web", protocol = "udp", port = 8301 }
    gossip_tcp_to_database = { from = "web", to = "database", protocol = "tcp", port = 8301 }
    gossip_udp_to_database = { from = "web", to = "database", protocol = "udp", port = 8301 }
    gossip_tcp_to_web      = { from = "database", to = "web", protocol = "tcp", port = 8301 }
    gossip_udp_to_web      = { from = "database", to = "web", protocol = "udp", port = 8301 }
    calls_to_server        = { from = "web", to = "database", protocol = "tcp", port = 8300 }
  } : {}

  mesh_groups = merge(
    { web = aws_security_group.web.id },
    { for group in aws_security_group.database : "database" => group.id },
  )
}

resource "aws_security_group_rule" "mesh_out" {
  for_each = local.mesh_flows

  security_group_id        = local.mesh_groups[each.value.from]
  description              = "Consul: ${replace(each.key, "_", " ")}"
  type                     = "egress"
  protocol                 = each.value.protocol
  from_port                = each.value.port
  to_port                  = each.value.port
  source_security_group_id = local.mesh_groups[each.value.to]
}

resource "aws_security_group_rule" "mesh_in" {
  for_each = local.mesh_flows

  security_group_id        = local.mesh_groups[each.value.to]
  description              = "Consul: ${replace(each.key, "_", " ")}"
  type                     = "ingress"
  protocol                 = each.value.protocol
  from_port                = each.value.port
  to_port                  = each.value.port
  source_security_group_id = local.mesh_groups[each.value.from]
}
