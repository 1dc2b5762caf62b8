stack "dashboard" {
  region: "us-east-1"
}
