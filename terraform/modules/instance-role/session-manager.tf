# A shell by Session Manager: no open port, no key, and IAM decides who may. These are
# the actions that the agent calls (AWS Systems Manager user guide, "Create a custom IAM
# role for Session Manager"); none of them knows resources. The managed policy
# AmazonSSMManagedInstanceCore would allow reading every parameter of the account too.
resource "aws_iam_role_policy" "session_manager" {
  count = var.session_manager ? 1 : 0

  name = "session-manager"
  role = aws_iam_role.this.id

  policy = jsonencode({
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
  })
}
