mock_provider "aws" {
  mock_resource "aws_secretsmanager_secret" {
    defaults = {
      id  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test/password-1-AbCdEf"
      arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test/password-1-AbCdEf"
    }
  }
}

variables {
  name        = "test/password"
  description = "A password"
  value       = "pa$${ss}'\"\\word"
}

run "stores_the_value_as_it_is" {
  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_string == "pa$${ss}'\"\\word"
    error_message = "the secret should be the plain value"
  }

  assert {
    condition     = aws_secretsmanager_secret_version.this.secret_id == aws_secretsmanager_secret.this.id
    error_message = "the value should belong to the secret"
  }

  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 30 && aws_secretsmanager_secret.this.name_prefix == "test/password-"
    error_message = "a deleted secret should be restorable, and its name should not be taken"
  }
}

run "allows_reading_this_secret_and_nothing_else" {
  assert {
    condition = jsondecode(output.read_policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test/password-1-AbCdEf"
      }]
    }
    error_message = "the policy should allow GetSecretValue on just this secret"
  }
}

run "deletes_at_once_when_asked_to" {
  command = plan

  variables {
    recovery_window_in_days = 0
  }

  assert {
    condition     = aws_secretsmanager_secret.this.recovery_window_in_days == 0
    error_message = "a window of 0 should be passed on"
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    name                    = "no spaces"
    value                   = ""
    recovery_window_in_days = 31
  }

  expect_failures = [var.name, var.value, var.recovery_window_in_days]
}

run "refuses_a_recovery_window_that_is_too_short" {
  command = plan

  variables {
    recovery_window_in_days = 6
  }

  expect_failures = [var.recovery_window_in_days]
}
