//! Which AWS resources hold data that a destroy or replacement loses.

/// Resource types of the AWS provider (3.39 to 6) whose instances hold data of their own.
const HOLD_DATA: &[&str] = &[
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_docdb_cluster",
    "aws_neptune_cluster",
    "aws_dynamodb_table",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticsearch_domain",
    "aws_opensearch_domain",
    "aws_redshift_cluster",
    "aws_s3_bucket",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_fsx_lustre_file_system",
    "aws_ecr_repository",
    "aws_kinesis_stream",
    "aws_sqs_queue",
    "aws_msk_cluster",
    "aws_mq_broker",
    "aws_kms_key",
];

/// True when losing a resource of this type loses data.
pub fn holds_data(resource_type: &str) -> bool {
    HOLD_DATA.contains(&resource_type)
}
