mock_provider "aws" {}

variables {
  name                   = "test-db"
  vpc_id                 = "vpc-00000001"
  subnet_ids             = ["subnet-00000001", "subnet-00000002"]
  client_security_groups = { web = "sg-00000001", jobs = "sg-00000002" }
  password               = "correct-horse-battery"
}

run "is_private_and_encrypted" {
  assert {
    condition     = aws_db_instance.this.publicly_accessible == false
    error_message = "the database should have no public address"
  }

  assert {
    condition     = aws_db_instance.this.db_subnet_group_name == aws_db_subnet_group.this.name && aws_db_subnet_group.this.subnet_ids == toset(["subnet-00000001", "subnet-00000002"])
    error_message = "the database should be in the given subnets"
  }

  assert {
    condition     = aws_db_instance.this.vpc_security_group_ids == toset([aws_security_group.this.id]) && aws_security_group.this.vpc_id == "vpc-00000001"
    error_message = "the database should have its own security group and no other"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted
    error_message = "storage should be encrypted"
  }

  assert {
    condition     = aws_db_instance.this.engine == "postgres" && aws_db_instance.this.port == 5432 && aws_db_instance.this.username == "postgres" && aws_db_instance.this.password == "correct-horse-battery"
    error_message = "it should be PostgreSQL with the given administrator"
  }
}

run "is_kept_unless_told_otherwise" {
  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 7
    error_message = "deletion protection, a final snapshot and backups should be the default"
  }

  assert {
    condition     = can(regex("^test-db-final-[0-9]{14}$", aws_db_instance.this.final_snapshot_identifier))
    error_message = "the final snapshot's name should be unique to the instance"
  }
}

run "can_be_thrown_away" {
  command = plan

  variables {
    deletion_protection   = false
    skip_final_snapshot   = true
    backup_retention_days = 0
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period == 0
    error_message = "the choices should be passed on"
  }
}

run "admits_its_clients_only" {
  assert {
    condition     = output.client_security_groups == { web = "sg-00000001", jobs = "sg-00000002" }
    error_message = "each client's security group, and no other, should be admitted"
  }

  assert {
    condition = alltrue([
      for rule in values(aws_security_group_rule.clients) : (
        rule.security_group_id == aws_security_group.this.id &&
        rule.type == "ingress" &&
        rule.protocol == "tcp" &&
        rule.from_port == 5432 &&
        rule.to_port == 5432 &&
        rule.cidr_blocks == null &&
        rule.ipv6_cidr_blocks == null
      )
    ])
    error_message = "clients should reach port 5432 only, and no address range should be admitted"
  }
}

run "accepts_every_character_that_rds_accepts" {
  command = plan

  variables {
    password = "!#$%&'()*+,-.0123456789:;<=>?AZ[\\]^_`az{|}~"
  }

  assert {
    condition     = aws_db_instance.this.password == "!#$%&'()*+,-.0123456789:;<=>?AZ[\\]^_`az{|}~"
    error_message = "the password should reach RDS unchanged"
  }
}

run "refuses_a_short_password" {
  command = plan

  variables {
    password = "1234567"
  }

  expect_failures = [var.password]
}

run "refuses_an_at_sign_in_the_password" {
  command = plan

  variables {
    password = "correct@horse"
  }

  expect_failures = [var.password]
}

run "refuses_a_slash_in_the_password" {
  command = plan

  variables {
    password = "correct/horse"
  }

  expect_failures = [var.password]
}

run "refuses_a_quote_in_the_password" {
  command = plan

  variables {
    password = "correct\"horse"
  }

  expect_failures = [var.password]
}

run "refuses_a_space_in_the_password" {
  command = plan

  variables {
    password = "correct horse"
  }

  expect_failures = [var.password]
}

run "refuses_a_password_that_is_not_ascii" {
  command = plan

  variables {
    password = "Käsekuchen"
  }

  expect_failures = [var.password]
}

run "refuses_bad_values" {
  command = plan

  variables {
    name                  = "test-db-"
    subnet_ids            = ["subnet-00000001"]
    engine_version        = "latest"
    instance_class        = "t4g.micro"
    allocated_storage     = 5
    max_allocated_storage = -1
    username              = "rdsadmin"
    backup_retention_days = 36
  }

  expect_failures = [
    var.name,
    var.subnet_ids,
    var.engine_version,
    var.instance_class,
    var.allocated_storage,
    var.max_allocated_storage,
    var.username,
    var.backup_retention_days,
  ]
}
