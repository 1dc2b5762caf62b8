output "profile_arn" {
  description = "ARN of the instance profile. Whoever starts with it may do all that it allows."
  value       = aws_iam_instance_profile.this.arn
  depends_on  = [aws_iam_role_policy.given, aws_iam_role_policy.session_manager]
}

output "profile_name" {
  description = "Name of the instance profile. Whoever starts with it may do all that it allows."
  value       = aws_iam_instance_profile.this.name
  depends_on  = [aws_iam_role_policy.given, aws_iam_role_policy.session_manager]
}

output "role_name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}

output "policies" {
  description = "Everything that the role allows: name of the policy => policy as JSON."
  value = merge(
    { for name, policy in aws_iam_role_policy.given : name => policy.policy },
    { for policy in aws_iam_role_policy.session_manager : policy.name => policy.policy },
  )
}
