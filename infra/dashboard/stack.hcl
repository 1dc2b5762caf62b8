stack "dashboard" {
  description = "Flask dashboard on Docker Swarm behind a load balancer, with PostgreSQL"
  default     = true
  region      = "us-east-1"
  terraform   = "terraform/stacks/dashboard"
}

# RDS accepts 8 to 128 printable ASCII characters, without / " @ and space.
credential "aws_db_pass" {
  env       = "AWS_DB_PASS"
  pass      = "aws/vpc/aws_db_pass"
  keyring   = "aws_db_pass"
  terraform = "db_password"
}

image "dashboard" {
  template = "packer/dashboard"
  name     = "rescale-dashboard-ami-prod"
  keep     = 2
  inputs   = ["infra/dashboard/app/**", "infra/dashboard/host/**"]
}

variables = {
  ami_id      = image.dashboard.id
  environment = environment.name
}

check "front" {
  url      = output.dashboard_url
  contains = "hardware"
  timeout  = "5m"
}

summary = [
  "dashboard: ${output.dashboard_url}",
  "image:     ${output.ami_id}",
  "database:  ${output.db_endpoint}",
]

# What can be thrown away is thrown away whole: nothing stays behind after a destroy.
environment "sandbox" {
  variables = {
    min_size                 = 1
    db_backup_retention_days = 0
    db_deletion_protection   = false
    db_skip_final_snapshot   = true
    recovery_window_in_days  = 0
  }
}

environment "staging" {
  approve = "prompt"

  variables = {
    db_apply_immediately     = true
    db_backup_retention_days = 1
    db_deletion_protection   = false
    db_skip_final_snapshot   = true
    recovery_window_in_days  = 7
  }
}

# Here the variables' own defaults keep the data: deletion protection, a last
# snapshot, a secret that can be restored. Where more than one person deploys, or
# from more than one machine, the state belongs in a bucket that all of them reach:
# a block `backend "s3"` in this one, with the bucket's name, the key, the region and
# use_lockfile = true, as Terraform's own configuration has them.
environment "prod" {
  approve = "prompt"

  variables = {
    min_size = 3

    # Named, so that the subnets stay where they are whatever the region offers later.
    availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

    db_instance_class        = "db.t4g.small"
    db_multi_az              = true
    db_backup_retention_days = 30
  }
}
