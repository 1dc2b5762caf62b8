resource "aws_sns_topic" "alarms" {
  name = "${local.name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # EventBridge takes no conditions in a topic's policy.
      for service in ["cloudwatch", "events"] : {
        Sid       = "From${service}"
        Effect    = "Allow"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Principal = { Service = "${service}.amazonaws.com" }
      }
    ]
  })
}

locals {
  service_dimensions = {
    ClusterName = aws_ecs_cluster.this.name
    ServiceName = aws_ecs_service.app.name
  }

  alarms = merge(
    {
      errors = {
        description = "The application answers with errors of its own"
        namespace   = "AWS/ApplicationELB"
        metric      = "HTTPCode_Target_5XX_Count"
        statistic   = "Sum"
        threshold   = 5
        dimensions  = { LoadBalancer = module.load_balancer.arn_suffix }
      }

      no-answer = {
        description = "The load balancer finds nobody who answers"
        namespace   = "AWS/ApplicationELB"
        metric      = "HTTPCode_ELB_5XX_Count"
        statistic   = "Sum"
        threshold   = 5
        dimensions  = { LoadBalancer = module.load_balancer.arn_suffix }
      }

      cpu = {
        description = "CPU use stays high although tasks were added"
        namespace   = "AWS/ECS"
        metric      = "CPUUtilization"
        statistic   = "Average"
        threshold   = 90
        dimensions  = local.service_dimensions
      }

      memory = {
        description = "Memory use is high; a task that has none left is ended"
        namespace   = "AWS/ECS"
        metric      = "MemoryUtilization"
        statistic   = "Average"
        threshold   = 90
        dimensions  = local.service_dimensions
      }
    },
    {
      for index, colour in slice(["blue", "green"], 0, local.blue_green ? 2 : 1) :
      (local.blue_green ? "unhealthy-${colour}" : "unhealthy") => {
        description = "Tasks fail their health check"
        namespace   = "AWS/ApplicationELB"
        metric      = "UnHealthyHostCount"
        statistic   = "Maximum"
        threshold   = 1
        dimensions = {
          LoadBalancer = module.load_balancer.arn_suffix
          TargetGroup  = module.load_balancer.target_group_arn_suffixes[index]
        }
      }
    },
  )
}

# A service at rest has no metrics, which is no alarm.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_event_rule" "pipeline_failed" {
  name        = "${local.name}-pipeline-failed"
  description = "A run of the pipeline ${local.name} has failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
    detail      = { pipeline = [aws_codepipeline.this.name], state = ["FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_failed" {
  rule      = aws_cloudwatch_event_rule.pipeline_failed.name
  target_id = "alarms"
  arn       = aws_sns_topic.alarms.arn
}
