# Nightly copies of the data volume, by AWS's Data Lifecycle Manager. They outlive a destroy.

resource "aws_dlm_lifecycle_policy" "data" {
  count = var.nightly_snapshots ? 1 : 0

  description        = "Nightly copies of the data of ${local.name}"
  execution_role_arn = aws_iam_role.snapshots[0].arn
  state              = "ENABLED"

  policy_details {
    resource_types = ["VOLUME"]
    # Only this deployment's volume has this name.
    target_tags = { Name = "${local.name}-data" }

    schedule {
      name      = "nightly"
      copy_tags = false

      create_rule {
        interval      = 24
        interval_unit = "HOURS"
        times         = [var.snapshot_time]
      }

      retain_rule {
        count = var.snapshots_kept
      }

      tags_to_add = merge(local.tags, { Name = "${local.name}-nightly" })
    }
  }
}

resource "aws_iam_role" "snapshots" {
  count = var.nightly_snapshots ? 1 : 0

  name_prefix = "${local.name}-dlm-"
  description = "Copies the data volume of ${local.name} each night"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "dlm.amazonaws.com" }
    }]
  })
}

# What AWS's managed policy for it allows on everything, here on what bears this deployment's
# names (Amazon EBS user guide, "Permissions for IAM service roles" of Data Lifecycle Manager).
resource "aws_iam_role_policy" "snapshots" {
  count = var.nightly_snapshots ? 1 : 0

  name = "copy-data-volume"
  role = aws_iam_role.snapshots[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Neither can be held to resources.
        Effect   = "Allow"
        Action   = ["ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
        Resource = "*"
      },
      {
        Effect    = "Allow"
        Action    = "ec2:CreateSnapshot"
        Resource  = "arn:aws:ec2:*:*:volume/*"
        Condition = { StringEquals = { "aws:ResourceTag/Name" = "${local.name}-data" } }
      },
      {
        Effect   = "Allow"
        Action   = "ec2:CreateSnapshot"
        Resource = "arn:aws:ec2:*::snapshot/*"
      },
      {
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = "arn:aws:ec2:*::snapshot/*"
      },
      {
        Effect    = "Allow"
        Action    = "ec2:DeleteSnapshot"
        Resource  = "arn:aws:ec2:*::snapshot/*"
        Condition = { StringEquals = { "aws:ResourceTag/Name" = "${local.name}-nightly" } }
      },
    ]
  })
}
