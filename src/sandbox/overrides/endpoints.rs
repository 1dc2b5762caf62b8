//! Names of the arguments in the AWS provider's `endpoints` block, by version.
//!
//! The provider refuses a name it does not know, and calls the real AWS for a service whose name is left out.
//! Where a service has several names only one is given, since the provider takes the first it finds.

use semver::Version;

/// Known from 3.39 through 6.62: in the schema of 3.39 and in the bindings generated from 4.x, 5.99 and 6.62.
const ALWAYS: &[&str] = &[
    "accessanalyzer",
    "acm",
    "acmpca",
    "amplify",
    "apigateway",
    "appconfig",
    "applicationautoscaling",
    "applicationinsights",
    "appmesh",
    "appstream",
    "appsync",
    "athena",
    "auditmanager",
    "autoscaling",
    "autoscalingplans",
    "backup",
    "batch",
    "budgets",
    "cloud9",
    "cloudformation",
    "cloudfront",
    "cloudhsm",
    "cloudsearch",
    "cloudtrail",
    "cloudwatch",
    "cloudwatchevents",
    "cloudwatchlogs",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codedeploy",
    "codepipeline",
    "codestarconnections",
    "cognitoidentity",
    "cognitoidp",
    "configservice",
    "connect",
    "cur",
    "dataexchange",
    "datapipeline",
    "datasync",
    "dax",
    "detective",
    "devicefarm",
    "directconnect",
    "dlm",
    "dms",
    "docdb",
    "ds",
    "dynamodb",
    "ec2",
    "ecr",
    "ecrpublic",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "elasticbeanstalk",
    "elastictranscoder",
    "elb",
    "emr",
    "emrcontainers",
    "es",
    "firehose",
    "fms",
    "fsx",
    "gamelift",
    "glacier",
    "globalaccelerator",
    "glue",
    "greengrass",
    "guardduty",
    "iam",
    "identitystore",
    "imagebuilder",
    "inspector",
    "iot",
    "kafka",
    "kinesis",
    "kinesisanalytics",
    "kinesisanalyticsv2",
    "kinesisvideo",
    "kms",
    "lakeformation",
    "lambda",
    "lexmodels",
    "licensemanager",
    "lightsail",
    "macie2",
    "mediaconnect",
    "mediaconvert",
    "medialive",
    "mediapackage",
    "mediastore",
    "mq",
    "mwaa",
    "neptune",
    "networkfirewall",
    "networkmanager",
    "organizations",
    "outposts",
    "pinpoint",
    "pricing",
    "qldb",
    "quicksight",
    "ram",
    "rds",
    "redshift",
    "resourcegroups",
    "resourcegroupstaggingapi",
    "route53",
    "route53domains",
    "route53resolver",
    "s3",
    "s3control",
    "s3outposts",
    "sagemaker",
    "secretsmanager",
    "securityhub",
    "serverlessrepo",
    "servicecatalog",
    "servicediscovery",
    "servicequotas",
    "ses",
    "shield",
    "signer",
    "sns",
    "sqs",
    "ssm",
    "ssoadmin",
    "stepfunctions",
    "storagegateway",
    "sts",
    "swf",
    "synthetics",
    "timestreamwrite",
    "transfer",
    "waf",
    "wafregional",
    "wafv2",
    "workspaces",
    "xray",
];

/// Also in 3.39 through 5.99; later versions dropped services that AWS closed.
const UNTIL_5: &[&str] = &["iotanalytics", "iotevents", "opsworks", "sdb", "worklink"];

/// Also in 3.39 through 4.x.
const UNTIL_4: &[&str] = &[
    "forecast",
    "macie",
    "managedblockchain",
    "marketplacecatalog",
    "mediastoredata",
    "personalize",
    "workmail",
];

/// Since 3.64 put the names in order: the same service may have gone by another name before, as ALBs did by
/// `elb`.
const SINCE_3_65: &[&str] = &[
    "account",
    "amp",
    "apigatewayv2",
    "appflow",
    "appintegrations",
    "apprunner",
    "chime",
    "cloudcontrol",
    "codegurureviewer",
    "codestarnotifications",
    "comprehend",
    "costexplorer",
    "elbv2",
    "finspace",
    "fis",
    "healthlake",
    "kendra",
    "lexmodelsv2",
    "location",
    "memorydb",
    "redshiftdata",
    "route53recoverycontrolconfig",
    "route53recoveryreadiness",
    "schemas",
    "sesv2",
    "ssmcontacts",
    "ssmincidents",
    "sso",
    "transcribe",
];

/// Since 4.0.
const SINCE_4: &[&str] = &["opensearch"];

/// The names that `version` of the provider knows.
pub(super) fn names(version: &Version) -> Vec<&'static str> {
    let mut names = ALWAYS.to_vec();
    if version.major <= 5 {
        names.extend(UNTIL_5);
    }
    if version.major <= 4 {
        names.extend(UNTIL_4);
    }
    if (version.major, version.minor) >= (3, 65) {
        names.extend(SINCE_3_65);
    }
    if version.major >= 4 {
        names.extend(SINCE_4);
    }
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: &str) -> Vec<&'static str> {
        names(&Version::parse(version).unwrap())
    }

    #[test]
    fn no_name_comes_twice() {
        for version in ["3.39.0", "3.76.1", "4.67.0", "5.99.1", "6.62.0"] {
            let names = of(version);
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{version}");
        }
    }

    #[test]
    fn load_balancers_have_a_name_of_their_own_in_later_versions() {
        assert!(!of("3.39.0").contains(&"elbv2"));
        for version in ["3.76.1", "4.0.0", "5.0.0", "6.0.0"] {
            assert!(of(version).contains(&"elbv2"), "{version}");
        }
        assert_eq!(of("3.39.0").len(), 154);
    }

    #[test]
    fn services_that_the_provider_dropped_are_left_out() {
        assert!(of("3.39.0").contains(&"worklink"));
        assert!(!of("6.0.0").contains(&"worklink"));
        assert!(!of("5.0.0").contains(&"workmail"));
    }
}
