stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

image "dashboard" {
  template = "packer/dashboard"
}

credential "db_pass" {
  env = "DB_PASS"
}

variables = {
  ami_id   = image.dashbord.id
  ami      = image.dashboard.ami
  whole    = image.dashboard
  password = credential.db_password
  commit   = env.CI_COMMIT
  region   = var.region
  size     = t3.micro
  stage    = prod
  enabled  = True
  branch   = run.branch
}
