stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

summary = [<<-EOT
  front: ${output.url}
  ETO
]
