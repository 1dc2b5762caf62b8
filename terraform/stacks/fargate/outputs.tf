output "app_url" {
  description = "Address of the application."
  value       = "http://${module.load_balancer.dns_name}"
}

output "time_url" {
  description = "Address of the message with the time."
  value       = "http://${module.load_balancer.dns_name}/time"
}

output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_codepipeline.this.name
}

output "pipeline_url" {
  description = "The pipeline in AWS's console."
  value       = "https://${local.region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/${aws_codepipeline.this.name}/view?region=${local.region}"
}

output "cluster" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "service" {
  description = "Name of the service."
  value       = aws_ecs_service.app.name
}

output "repository_url" {
  description = "Where the application's images are."
  value       = aws_ecr_repository.app.repository_url
}

output "artifact_bucket" {
  description = "Bucket of what the pipeline's stages hand to each other."
  value       = aws_s3_bucket.artifacts.bucket
}

output "log_groups" {
  description = "Log groups of the application and of the pipeline's builds."
  value       = [aws_cloudwatch_log_group.app.name, aws_cloudwatch_log_group.pipeline.name]
}

output "alarm_topic_arn" {
  description = "Topic that alarms and failed pipelines are published to."
  value       = aws_sns_topic.alarms.arn
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "region" {
  description = "Region of the deployment."
  value       = local.region
}

output "policies" {
  description = "What each of the stack's roles may do, as JSON: role => policy. The application's own role has none."
  value = merge(
    {
      execution = aws_iam_role_policy.execution.policy
      pipeline  = aws_iam_role_policy.pipeline.policy
    },
    { for build, policy in aws_iam_role_policy.build : build => policy.policy },
    { for index, policy in aws_iam_role_policy.codedeploy : "swap" => policy.policy },
  )
}
