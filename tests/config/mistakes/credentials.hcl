stack "dashboard" {
  region    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

credential "db_pass" {
  env       = "DB_PASS"
  terraform = "db_password"
}

credential "other" {
  env     = "DB_PASS"
  command = ["vault read secret"]
}

credential "third" {
  pass = "/aws/db"
  env  = "PATH"
}

credential "fourth" {
  keyring = "fourth"
  command = ["infra/dashboard/missing"]
}

env "DB_PASS" {
}

image "dashboard" {
  template    = "packer/dashboard"
  credentials = ["fourth", "db_pas"]
}

variables = { db_password = "hunter2" }
