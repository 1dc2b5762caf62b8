mock_provider "aws" {}

variables {
  name        = "test-web"
  description = "Instances of a test"
  policies = {
    read-secret = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"arn:aws:secretsmanager:us-east-1:123456789012:secret:one\"}]}"
  }
}

run "is_for_instances_only" {
  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }]
    error_message = "only EC2 should take on the role"
  }

  assert {
    condition     = aws_iam_instance_profile.this.role == aws_iam_role.this.name
    error_message = "the profile should carry the role"
  }
}

run "allows_what_is_given_and_session_manager" {
  assert {
    condition     = aws_iam_role_policy.given["read-secret"].policy == var.policies["read-secret"] && aws_iam_role_policy.given["read-secret"].role == aws_iam_role.this.id
    error_message = "a given policy should belong to the role"
  }

  assert {
    condition     = toset(keys(output.policies)) == toset(["read-secret", "session-manager"])
    error_message = "nothing but the given policies and Session Manager should be allowed"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.session_manager[0].policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = "*"
      }]
    }
    error_message = "Session Manager should get its five actions and no other"
  }
}

run "may_do_without_a_shell" {
  variables {
    session_manager = false
  }

  assert {
    condition     = length(aws_iam_role_policy.session_manager) == 0 && keys(output.policies) == ["read-secret"]
    error_message = "without Session Manager only the given policies should be there"
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    name     = "test web"
    policies = { broken = "allow everything" }
  }

  expect_failures = [var.name, var.policies]
}
