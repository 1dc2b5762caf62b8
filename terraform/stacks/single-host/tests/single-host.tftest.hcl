mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_resource "aws_eip" {
    defaults = {
      id         = "eipalloc-0123456789abcdef0"
      public_ip  = "203.0.113.7"
      public_dns = "ec2-203-0-113-7.eu-west-1.compute.amazonaws.com"
    }
  }

  mock_resource "aws_ebs_volume" {
    defaults = { id = "vol-0123456789abcdef0" }
  }

  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { version_id = "00000000-0000-4000-8000-000000000001" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/single-host-test-dlm-1" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:single-host-test-alarms" }
  }
}

override_resource {
  target = module.mysql_secret.aws_secretsmanager_secret.this
  values = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:single-host-test/mysql-password-1-AbCdEf" }
}

override_resource {
  target = module.key_secret.aws_secretsmanager_secret.this
  values = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:single-host-test/secret-key-base-1-AbCdEf" }
}

variables {
  environment     = "test"
  ami_id          = "ami-0123456789abcdef0"
  mysql_password  = "correct-horse-battery"
  secret_key_base = "a key of many characters"
}

run "has_an_address_that_stays" {
  assert {
    condition     = aws_eip_association.host.allocation_id == aws_eip.host.id && aws_eip_association.host.instance_id == aws_instance.host.id
    error_message = "the address should be the machine's"
  }

  assert {
    condition = (
      output.app_url == "http://203.0.113.7/" &&
      output.public_ip == "203.0.113.7" &&
      output.public_dns == "ec2-203-0-113-7.eu-west-1.compute.amazonaws.com" &&
      output.region == "eu-west-1"
    )
    error_message = "the outputs should say where the machine is"
  }

  assert {
    condition     = aws_instance.host.subnet_id == module.network.public_subnet_ids[0] && module.network.nat_public_ip == null && local.availability_zone == "eu-west-1a"
    error_message = "the machine should be in the only subnet, which is public"
  }
}

run "opens_http_and_nothing_else" {
  assert {
    condition = (
      "${aws_security_group_rule.http.type} ${aws_security_group_rule.http.protocol} ${aws_security_group_rule.http.from_port}-${aws_security_group_rule.http.to_port} ${join(",", aws_security_group_rule.http.cidr_blocks)}"
      == "ingress tcp 80-80 0.0.0.0/0"
    )
    error_message = "clients should reach port 80"
  }

  assert {
    condition     = length(aws_security_group_rule.ssh) == 0
    error_message = "without ssh_cidrs there should be no SSH"
  }

  assert {
    condition     = { for name, rule in aws_security_group_rule.internet : name => "${rule.type} ${rule.protocol} ${rule.from_port}-${rule.to_port}" } == { HTTP = "egress tcp 80-80", HTTPS = "egress tcp 443-443" }
    error_message = "the machine should call out by HTTP and HTTPS alone"
  }

  assert {
    condition     = aws_instance.host.vpc_security_group_ids == toset([aws_security_group.host.id])
    error_message = "the machine should have its own security group and no other"
  }

  assert {
    condition     = output.ssh_target == "ubuntu@${aws_instance.host.id}" && output.ssh_command == "aws ssm start-session --region eu-west-1 --target ${aws_instance.host.id}"
    error_message = "without an open port, Session Manager should be the way in"
  }
}

run "opens_ssh_to_the_ranges_given" {
  variables {
    ssh_cidrs    = ["203.0.113.0/24"]
    client_cidrs = ["198.51.100.0/24"]
    key_name     = "operators"
  }

  assert {
    condition     = aws_security_group_rule.ssh[0].type == "ingress" && aws_security_group_rule.ssh[0].from_port == 22 && aws_security_group_rule.ssh[0].to_port == 22 && aws_security_group_rule.ssh[0].cidr_blocks == tolist(["203.0.113.0/24"])
    error_message = "SSH should be open to the given ranges"
  }

  assert {
    condition     = aws_security_group_rule.http.cidr_blocks == tolist(["198.51.100.0/24"]) && aws_instance.host.key_name == "operators"
    error_message = "HTTP should be open to the given ranges, and the key pair handed over"
  }

  assert {
    condition     = output.ssh_target == "ubuntu@203.0.113.7" && output.ssh_command == "ssh ubuntu@ec2-203-0-113-7.eu-west-1.compute.amazonaws.com"
    error_message = "with an open port, SSH should be the way in"
  }
}

run "allows_the_machine_two_secrets_its_measurements_and_session_manager" {
  assert {
    condition     = toset(keys(module.role.policies)) == toset(["publish-measurements", "read-mysql-password", "read-secret-key-base", "session-manager"])
    error_message = "the machine should be allowed nothing else"
  }

  assert {
    condition = alltrue([
      for name, arn in { read-mysql-password = module.mysql_secret.arn, read-secret-key-base = module.key_secret.arn } :
      jsondecode(module.role.policies[name]).Statement == [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = arn }]
    ])
    error_message = "each secret should be readable, and only read"
  }

  assert {
    condition     = module.mysql_secret.arn != module.key_secret.arn
    error_message = "the secrets should be two"
  }

  assert {
    condition = jsondecode(module.role.policies["publish-measurements"]).Statement == [{
      Effect    = "Allow"
      Action    = "cloudwatch:PutMetricData"
      Resource  = "*"
      Condition = { StringEquals = { "cloudwatch:namespace" = "single-host-test" } }
    }]
    error_message = "measurements should go into the machine's own namespace"
  }

  # No * on *: what knows no resources names its actions in full.
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.role.policies), aws_iam_role_policy.snapshots[*].policy) : [
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "no action should be a pattern"
  }
}

run "keeps_the_data_apart_from_the_machine" {
  assert {
    condition     = aws_ebs_volume.data.encrypted && aws_ebs_volume.data.availability_zone == "eu-west-1a" && aws_ebs_volume.data.size == 20
    error_message = "the data should be on an encrypted volume of its own, in the machine's zone"
  }

  assert {
    condition     = aws_volume_attachment.data.volume_id == aws_ebs_volume.data.id && aws_volume_attachment.data.instance_id == aws_instance.host.id && aws_volume_attachment.data.skip_destroy
    error_message = "the volume should be attached to the machine, and only its end should give it back"
  }

  assert {
    condition     = one(aws_instance.host.metadata_options).http_tokens == "required" && one(aws_instance.host.metadata_options).http_put_response_hop_limit == 1 && one(aws_instance.host.root_block_device).encrypted
    error_message = "metadata should need a token and end at the machine, and the root volume should be encrypted"
  }
}

run "another_image_makes_another_machine_and_copies_the_data_first" {
  variables {
    ami_id = "ami-00000000000000001"
  }

  assert {
    condition     = aws_instance.host.id != run.keeps_the_data_apart_from_the_machine.instance_id
    error_message = "another image should make another machine"
  }

  assert {
    condition     = aws_ebs_snapshot.before_replacement.id != run.keeps_the_data_apart_from_the_machine.data_snapshot_id
    error_message = "another machine should get a copy of the data made before it"
  }

  assert {
    condition     = aws_ebs_volume.data.id == run.keeps_the_data_apart_from_the_machine.data_volume_id && aws_volume_attachment.data.instance_id == aws_instance.host.id
    error_message = "the volume should stay and go to the new machine"
  }

  assert {
    condition     = output.app_url == run.keeps_the_data_apart_from_the_machine.app_url && aws_eip_association.host.instance_id == aws_instance.host.id
    error_message = "the address should stay and go to the new machine"
  }
}

run "copies_the_data_volume_each_night" {
  assert {
    condition     = aws_dlm_lifecycle_policy.data[0].state == "ENABLED" && one(aws_dlm_lifecycle_policy.data[0].policy_details).target_tags == tomap({ Name = aws_ebs_volume.data.tags.Name })
    error_message = "the data volume, and it alone, should be copied"
  }

  assert {
    condition = (
      one(one(one(aws_dlm_lifecycle_policy.data[0].policy_details).schedule).create_rule).times == tolist(["03:00"]) &&
      one(one(one(aws_dlm_lifecycle_policy.data[0].policy_details).schedule).create_rule).interval == 24 &&
      one(one(one(aws_dlm_lifecycle_policy.data[0].policy_details).schedule).retain_rule).count == 14
    )
    error_message = "it should be copied once a night, and 14 copies kept"
  }

  assert {
    condition     = aws_dlm_lifecycle_policy.data[0].execution_role_arn == aws_iam_role.snapshots[0].arn && jsondecode(aws_iam_role.snapshots[0].assume_role_policy).Statement[0].Principal == { Service = "dlm.amazonaws.com" }
    error_message = "the lifecycle manager, and it alone, should act in its role"
  }

  assert {
    condition = toset([
      for statement in jsondecode(aws_iam_role_policy.snapshots[0].policy).Statement :
      "${join(",", flatten([statement.Action]))} on ${statement.Resource} if ${jsonencode(try(statement.Condition.StringEquals, {}))}"
      ]) == toset([
      "ec2:DescribeSnapshots,ec2:DescribeVolumes on * if {}",
      "ec2:CreateSnapshot on arn:aws:ec2:*:*:volume/* if {\"aws:ResourceTag/Name\":\"single-host-test-data\"}",
      "ec2:CreateSnapshot on arn:aws:ec2:*::snapshot/* if {}",
      "ec2:CreateTags on arn:aws:ec2:*::snapshot/* if {}",
      "ec2:DeleteSnapshot on arn:aws:ec2:*::snapshot/* if {\"aws:ResourceTag/Name\":\"single-host-test-nightly\"}",
    ])
    error_message = "only this deployment's volume should be copied, and only its nightly copies deleted"
  }
}

run "watches_the_machine_and_the_app" {
  variables {
    alarm_email = "operators@example.org"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.usage : name => "${alarm.namespace} ${alarm.metric_name} ${alarm.comparison_operator} ${alarm.threshold}" } == {
      cpu       = "AWS/EC2 CPUUtilization GreaterThanThreshold 90"
      memory    = "single-host-test MemoryUsedPercent GreaterThanThreshold 90"
      root-disk = "single-host-test RootDiskUsedPercent GreaterThanThreshold 85"
      data-disk = "single-host-test DataDiskUsedPercent GreaterThanThreshold 85"
    }
    error_message = "processor, memory and disks should be watched"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.usage["cpu"].dimensions == tomap({ InstanceId = aws_instance.host.id })
    error_message = "the machine's own processor should be watched"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.app[0].metric_name == "AppHealthy" && aws_cloudwatch_metric_alarm.app[0].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.app[0].threshold == 1
    error_message = "the application should be watched"
  }

  assert {
    condition     = contains(aws_cloudwatch_metric_alarm.hardware[0].alarm_actions, "arn:aws:automate:eu-west-1:ec2:recover")
    error_message = "a machine on failing hardware should be moved"
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.usage), aws_cloudwatch_metric_alarm.app, aws_cloudwatch_metric_alarm.hardware) :
      contains(alarm.alarm_actions, output.alarm_topic_arn)
    ])
    error_message = "every alarm should reach the topic"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "operators@example.org" && aws_sns_topic_subscription.email[0].topic_arn == output.alarm_topic_arn
    error_message = "the address given should be told"
  }

  assert {
    condition     = strcontains(aws_instance.host.user_data, "METRICS_NAMESPACE='single-host-test'\n")
    error_message = "the machine should know where its measurements go"
  }
}

run "measures_nothing_without_alarms" {
  variables {
    alarms            = false
    nightly_snapshots = false
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.usage) == 0 && length(aws_cloudwatch_metric_alarm.app) == 0 && length(aws_cloudwatch_metric_alarm.hardware) == 0 && length(aws_sns_topic.alarms) == 0 && output.alarm_topic_arn == ""
    error_message = "there should be no alarm"
  }

  assert {
    condition     = !contains(keys(module.role.policies), "publish-measurements") && strcontains(aws_instance.host.user_data, "METRICS_NAMESPACE=''\n")
    error_message = "the machine should neither measure nor be allowed to publish"
  }

  assert {
    condition     = length(aws_dlm_lifecycle_policy.data) == 0 && length(aws_iam_role.snapshots) == 0
    error_message = "there should be no nightly copies"
  }
}

run "tells_the_machine_what_it_needs" {
  assert {
    condition = strcontains(aws_instance.host.user_data, <<-EOT
      AWS_DEFAULT_REGION='eu-west-1'
      DATABASE='app'
      DATA_VOLUME='vol-0123456789abcdef0'
      METRICS_NAMESPACE='single-host-test'
      MYSQL_SECRET_ARN='arn:aws:secretsmanager:eu-west-1:123456789012:secret:single-host-test/mysql-password-1-AbCdEf'
      MYSQL_SECRET_VERSION='00000000-0000-4000-8000-000000000001'
      SECRET_KEY_ARN='arn:aws:secretsmanager:eu-west-1:123456789012:secret:single-host-test/secret-key-base-1-AbCdEf'
      SECRET_KEY_VERSION='00000000-0000-4000-8000-000000000001'
    EOT
    )
    error_message = "the machine should know its volume, its database and where its secrets are"
  }

  assert {
    condition     = !strcontains(aws_instance.host.user_data, "correct-horse-battery") && !strcontains(aws_instance.host.user_data, "a key of many characters")
    error_message = "user data should hold no secret"
  }
}

run "takes_names_and_sizes" {
  variables {
    instance_name     = "guestbook"
    instance_type     = "t3.large"
    availability_zone = "eu-west-1c"
    data_snapshot_id  = "snap-0123456789abcdef0"
    database_name     = "my_shop"
  }

  assert {
    condition     = aws_instance.host.tags.Name == "guestbook" && aws_instance.host.instance_type == "t3.large"
    error_message = "name and type should be those given"
  }

  assert {
    condition     = aws_ebs_volume.data.availability_zone == "eu-west-1c" && aws_ebs_volume.data.snapshot_id == "snap-0123456789abcdef0"
    error_message = "the data should be restored in the zone given"
  }

  assert {
    condition     = strcontains(aws_instance.host.user_data, "DATABASE='my_shop'\n")
    error_message = "the machine should know the database"
  }
}
