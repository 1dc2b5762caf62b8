# Who is called when the machine is unwell. The processor is AWS's to see; the rest the machine
# measures itself, once a minute.

locals {
  alarm_actions = [for topic in aws_sns_topic.alarms : topic.arn]

  # Percentages, over five minutes.
  usage_alarms = {
    cpu = {
      namespace  = "AWS/EC2", metric = "CPUUtilization", threshold = var.cpu_alarm_percent
      dimensions = { InstanceId = aws_instance.host.id }
      what       = "processor"
    }
    memory = {
      namespace  = local.name, metric = "MemoryUsedPercent", threshold = var.memory_alarm_percent
      dimensions = {}
      what       = "memory"
    }
    root-disk = {
      namespace  = local.name, metric = "RootDiskUsedPercent", threshold = var.disk_alarm_percent
      dimensions = {}
      what       = "root volume"
    }
    data-disk = {
      namespace  = local.name, metric = "DataDiskUsedPercent", threshold = var.disk_alarm_percent
      dimensions = {}
      what       = "data volume"
    }
  }
}

resource "aws_sns_topic" "alarms" {
  count = var.alarms ? 1 : 0

  name = "${local.name}-alarms"
}

# AWS asks the address for its consent first.
resource "aws_sns_topic_subscription" "email" {
  count = var.alarms && var.alarm_email != null ? 1 : 0

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "usage" {
  for_each = { for name, alarm in local.usage_alarms : name => alarm if var.alarms }

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "The ${each.value.what} of ${local.name} is used by more than ${each.value.threshold} %"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "missing"

  alarm_actions             = local.alarm_actions
  ok_actions                = local.alarm_actions
  insufficient_data_actions = local.alarm_actions
}

# Before the first release nothing is measured, and nobody is called.
resource "aws_cloudwatch_metric_alarm" "app" {
  count = var.alarms ? 1 : 0

  alarm_name          = "${local.name}-app"
  alarm_description   = "The application of ${local.name} does not answer its health check"
  namespace           = local.name
  metric_name         = "AppHealthy"
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "missing"

  alarm_actions             = local.alarm_actions
  ok_actions                = local.alarm_actions
  insufficient_data_actions = local.alarm_actions
}

# A machine whose hardware fails is moved to other hardware, with its volumes and address.
resource "aws_cloudwatch_metric_alarm" "hardware" {
  count = var.alarms ? 1 : 0

  alarm_name          = "${local.name}-hardware"
  alarm_description   = "AWS sees a fault of the hardware under ${local.name}"
  namespace           = "AWS/EC2"
  metric_name         = "StatusCheckFailed_System"
  dimensions          = { InstanceId = aws_instance.host.id }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 2

  alarm_actions = concat(local.alarm_actions, ["arn:aws:automate:${data.aws_region.current.id}:ec2:recover"])
  ok_actions    = local.alarm_actions
}
