stack "dashboard" {
  regoin    = "us-east-1"
  terraform = "terraform/stacks/dashboard"
}

image "dashboard" {
  tempalte = "packer/dashboard"
}

credential "db_pass" {
  enf = "DB_PASS"
}
