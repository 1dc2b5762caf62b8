stack "swarm-cluster" {
  description = "Docker Swarm: managers in public subnets, workers in private ones, joined by Secrets Manager"
  region      = "eu-west-2"
  terraform   = "terraform/stacks/swarm-cluster"
}

# The bucket of the state of `prod`. Bucket names are everybody's: name one of your own.
env "SWARM_STATE_BUCKET" {
  default = "swarm-cluster-state"
}

image "swarm-cluster" {
  template = "packer/swarm-cluster"
  name     = "swarm-cluster"
  keep     = 2
  inputs   = ["infra/swarm-cluster/app/**", "infra/swarm-cluster/host/**"]
}

variables = {
  ami_id      = image.swarm-cluster.id
  environment = environment.name
}

check "web" {
  url     = output.service_url
  timeout = "15m"
}

summary = [
  "service:    ${output.service_url}",
  "visualizer: ${output.visualizer_url}",
  "manager:    aws ssm start-session --region ${output.region} --target ${output.manager_ids[0]}",
]

# The join secrets go at once with a destroy.
environment "sandbox" {
  variables = { recovery_window_in_days = 0 }
}

environment "staging" {
  approve   = "prompt"
  variables = { worker_count = 2 }
}

# The state is in a bucket that everybody who deploys reaches, with a lock in it:
# infra/swarm-cluster/make-state-bucket makes one.
environment "prod" {
  approve = "prompt"

  backend "s3" {
    bucket       = env.SWARM_STATE_BUCKET
    key          = "${stack.name}/${environment.name}.tfstate"
    region       = "eu-west-2"
    encrypt      = true
    use_lockfile = true
  }

  variables = {
    manager_count           = 3
    recovery_window_in_days = 7

    # Named, so that the subnets stay where they are whatever the region offers later.
    availability_zones = ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
  }
}
