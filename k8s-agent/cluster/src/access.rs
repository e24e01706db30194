//! The agent's own account in the cluster: no more than it needs, and a kubeconfig for it.
//!
//! Run once, with the operator's own credentials. Namespaces of leases come and go, so their objects can only be granted
//! cluster-wide; an admission policy narrows that down again to namespaces named `perigee-lease-…`. Reading Secrets is
//! granted in `perigee-system` alone: the agent reads nobody else's, not even those it writes for leases.

use crate::{
    cluster::{default_kubeconfig, kind_and},
    crd::CloudLease,
    lease::{MANAGED_BY, NAMESPACE_PREFIX, SYSTEM_NAMESPACE},
    Cluster, ClusterError,
};
use base64::{engine::general_purpose::STANDARD, Engine};
use k8s_openapi::{
    api::{
        admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
        authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
        core::v1::{Namespace, Secret, ServiceAccount},
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    api::{ObjectMeta, PostParams},
    config::Kubeconfig,
    CustomResourceExt,
};
use serde_json::json;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Name of the account, its roles and the context of its kubeconfig.
pub const AGENT: &str = "perigee-agent";
/// Secret that holds the account's token. Deleting it revokes the token.
const TOKEN_SECRET: &str = "perigee-agent-token";
/// For the controller that fills the Secret, and for the new kind to be served.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(250);

/// What `agent init` made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Where the kubeconfig of the account was written.
    pub kubeconfig: PathBuf,
    /// Its context.
    pub context: String,
    /// UID of `kube-system`.
    pub identity: String,
    /// What was made or brought up to date, for people, one line each.
    pub made: Vec<String>,
}

/// One thing the agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// API group; empty for the core.
    pub group: &'static str,
    /// Resources.
    pub resources: &'static [&'static str],
    /// Verbs.
    pub verbs: &'static [&'static str],
}

const fn grant(group: &'static str, resources: &'static [&'static str], verbs: &'static [&'static str]) -> Grant {
    Grant {
        group,
        resources,
        verbs,
    }
}

/// What the agent may do in the whole cluster: exactly the verbs that it uses. It watches pods to notice
/// at once what happens to them.
pub const CLUSTER_GRANTS: [Grant; 10] = [
    grant("", &["nodes"], &["list"]),
    grant("", &["pods"], &["list", "watch"]),
    grant("", &["namespaces"], &["get", "create", "patch", "delete"]),
    grant("", &["resourcequotas", "limitranges"], &["create", "patch"]),
    grant("", &["secrets"], &["create", "patch"]),
    grant("", &["services"], &["list", "create", "patch", "delete"]),
    grant(
        "apps",
        &["deployments", "statefulsets"],
        &["list", "create", "patch", "delete"],
    ),
    grant(
        "networking.k8s.io",
        &["networkpolicies", "ingresses"],
        &["list", "create", "patch", "delete"],
    ),
    grant(
        "perigee.cloud",
        &["cloudleases"],
        &["get", "list", "create", "patch", "delete"],
    ),
    grant("perigee.cloud", &["cloudleases/status"], &["patch"]),
];
/// What it may do in `perigee-system`.
pub const SYSTEM_GRANTS: [Grant; 2] = [
    grant("", &["secrets"], &["get", "list", "create", "patch", "delete"]),
    grant("coordination.k8s.io", &["leases"], &["get", "create", "update"]),
];
/// What it may do in `default`: learn where the API server is, to keep workloads away from it.
pub const DEFAULT_GRANTS: [Grant; 1] = [grant("discovery.k8s.io", &["endpointslices"], &["list"])];

impl Grant {
    fn rule(&self) -> PolicyRule {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        PolicyRule {
            api_groups: Some(vec![self.group.to_owned()]),
            resources: Some(owned(self.resources)),
            verbs: owned(self.verbs),
            ..Default::default()
        }
    }
}

fn rules(grants: &[Grant]) -> Option<Vec<PolicyRule>> {
    Some(grants.iter().map(Grant::rule).collect())
}

/// Makes the account with the credentials in `admin` (its current context, unless one is named), and writes its
/// kubeconfig to `target`, readable by its owner only. Run again, it brings everything up to date.
pub async fn set_up(admin: &Path, context: Option<&str>, target: &Path) -> Result<Granted, ClusterError> {
    let cluster = Cluster::connect(admin, context).await?;
    let identity = cluster.identity().await?;
    cluster.apply(&cluster.all(), &CloudLease::crd()).await?;
    cluster.apply(&cluster.all(), &system_namespace()).await?;
    cluster.apply(&cluster.namespaced(SYSTEM_NAMESPACE), &account()).await?;
    cluster.apply(&cluster.all(), &cluster_role()).await?;
    cluster.apply(&cluster.all(), &cluster_role_binding()).await?;
    for (namespace, grants) in [(SYSTEM_NAMESPACE, &SYSTEM_GRANTS[..]), ("default", &DEFAULT_GRANTS)] {
        cluster
            .apply(&cluster.namespaced(namespace), &role(namespace, grants))
            .await?;
        cluster
            .apply(&cluster.namespaced(namespace), &role_binding(namespace))
            .await?;
    }
    let (policy, binding) = confinement()?;
    cluster.apply(&cluster.all(), &policy).await?;
    cluster.apply(&cluster.all(), &binding).await?;
    let token = cluster.token().await?;
    cluster.wait_for_records().await?;
    write_kubeconfig(admin, context, &token, target)?;
    wait_until_accepted(target).await?;
    let made = [
        format!("custom resource definition {}", CloudLease::crd_name()),
        format!("namespace {SYSTEM_NAMESPACE}"),
        format!("service account {SYSTEM_NAMESPACE}/{AGENT}"),
        format!("cluster role and binding {AGENT}, roles in {SYSTEM_NAMESPACE} and default"),
        format!("admission policy {AGENT}: confines it to namespaces {NAMESPACE_PREFIX}* and {SYSTEM_NAMESPACE}"),
        format!("token in Secret {SYSTEM_NAMESPACE}/{TOKEN_SECRET}; delete it to revoke"),
        format!("kubeconfig {}", target.display()),
    ];
    Ok(Granted {
        kubeconfig: target.to_owned(),
        context: AGENT.to_owned(),
        identity,
        made: made.into(),
    })
}

/// The kubeconfig an operator uses on this machine, if there is one.
pub fn operators_kubeconfig() -> Option<PathBuf> {
    default_kubeconfig().filter(|path| path.exists())
}

impl Cluster {
    /// May these credentials do everything?
    pub async fn is_cluster_admin(&self) -> Result<bool, ClusterError> {
        let any = || Some("*".to_owned());
        self.allows(ResourceAttributes {
            group: any(),
            resource: any(),
            verb: any(),
            ..Default::default()
        })
        .await
    }

    /// Fails for credentials that may do everything, unless `allowed`.
    pub async fn refuse_cluster_admin(&self, allowed: bool) -> Result<(), ClusterError> {
        if !allowed && self.is_cluster_admin().await? {
            return Err(ClusterError::ClusterAdmin);
        }
        Ok(())
    }

    /// What the agent needs and these credentials may not do, one line each.
    pub async fn missing_grants(&self) -> Result<Vec<String>, ClusterError> {
        let scopes = [
            (None, &CLUSTER_GRANTS[..]),
            (Some(SYSTEM_NAMESPACE), &SYSTEM_GRANTS),
            (Some("default"), &DEFAULT_GRANTS),
        ];
        let mut missing = Vec::new();
        for (namespace, grants) in scopes {
            for (grant, resource, verb) in each(grants) {
                let (resource, subresource) = resource.split_once('/').map_or((resource, None), |(r, s)| (r, Some(s)));
                let wanted = ResourceAttributes {
                    group: Some(grant.group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: subresource.map(str::to_owned),
                    verb: Some(verb.to_owned()),
                    namespace: namespace.map(str::to_owned),
                    ..Default::default()
                };
                if !self.allows(wanted).await? {
                    missing.push(format!("{verb} {resource}"));
                }
            }
        }
        Ok(missing)
    }

    async fn allows(&self, wanted: ResourceAttributes) -> Result<bool, ClusterError> {
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(wanted),
                ..Default::default()
            },
            ..Default::default()
        };
        let answer = self
            .all::<SelfSubjectAccessReview>()
            .create(&PostParams::default(), &review)
            .await;
        let answer = answer.map_err(|e| self.error("ask", "what these credentials may do".into(), e))?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }

    /// Asks for a token and waits until the cluster has filled it in.
    async fn token(&self) -> Result<String, ClusterError> {
        let secrets = self.namespaced::<Secret>(SYSTEM_NAMESPACE);
        self.apply(&secrets, &token_secret()).await?;
        let filled = async {
            loop {
                let secret = self.get(&secrets, TOKEN_SECRET).await?;
                let token = secret.and_then(|s| s.data?.remove("token")).map(|bytes| bytes.0);
                if let Some(token) = token.filter(|token| !token.is_empty()) {
                    return String::from_utf8(token).map_err(|_| ClusterError::Corrupt {
                        what: kind_and::<Secret>(TOKEN_SECRET),
                        why: "the token is no text".into(),
                    });
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, filled)
            .await
            .unwrap_or_else(|_| Err(self.too_slow("filling in the agent's token")))
    }

    /// A new kind is served a moment after it is defined.
    async fn wait_for_records(&self) -> Result<(), ClusterError> {
        let served = async {
            while self
                .all::<CloudLease>()
                .list_metadata(&Default::default())
                .await
                .is_err()
            {
                tokio::time::sleep(POLL).await;
            }
        };
        let served = tokio::time::timeout(PATIENCE, served).await;
        served.map_err(|_| self.too_slow("serving CloudLease"))
    }

    fn too_slow(&self, what: &str) -> ClusterError {
        ClusterError::TimedOut {
            what: format!("{what} ({})", self.address()),
            seconds: PATIENCE.as_secs(),
        }
    }
}

/// API servers learn of a new token and of new roles a moment after they are made.
async fn wait_until_accepted(kubeconfig: &Path) -> Result<(), ClusterError> {
    let agent = Cluster::connect(kubeconfig, Some(AGENT)).await?;
    let accepted = async {
        loop {
            match agent.missing_grants().await {
                Ok(missing) if missing.is_empty() => return Ok(()),
                Ok(_) | Err(ClusterError::Refused { code: 401, .. }) => tokio::time::sleep(POLL).await,
                Err(e) => return Err(e),
            }
        }
    };
    let accepted = tokio::time::timeout(PATIENCE, accepted).await;
    accepted.unwrap_or_else(|_| Err(agent.too_slow("accepting the agent's token and roles")))
}

/// Every (grant, resource, verb).
fn each(grants: &[Grant]) -> impl Iterator<Item = (&Grant, &'static str, &'static str)> {
    grants.iter().flat_map(|g| {
        g.resources
            .iter()
            .flat_map(move |r| g.verbs.iter().map(move |v| (g, *r, *v)))
    })
}

fn meta(name: &str, namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: namespace.map(str::to_owned),
        labels: Some([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())].into()),
        ..Default::default()
    }
}

fn system_namespace() -> Namespace {
    Namespace {
        metadata: meta(SYSTEM_NAMESPACE, None),
        ..Default::default()
    }
}

fn account() -> ServiceAccount {
    ServiceAccount {
        metadata: meta(AGENT, Some(SYSTEM_NAMESPACE)),
        automount_service_account_token: Some(false),
        ..Default::default()
    }
}

fn token_secret() -> Secret {
    let mut metadata = meta(TOKEN_SECRET, Some(SYSTEM_NAMESPACE));
    metadata.annotations = Some([("kubernetes.io/service-account.name".to_owned(), AGENT.to_owned())].into());
    Secret {
        metadata,
        type_: Some("kubernetes.io/service-account-token".into()),
        ..Default::default()
    }
}

fn cluster_role() -> ClusterRole {
    ClusterRole {
        metadata: meta(AGENT, None),
        rules: rules(&CLUSTER_GRANTS),
        ..Default::default()
    }
}

fn role(namespace: &str, grants: &[Grant]) -> Role {
    Role {
        metadata: meta(AGENT, Some(namespace)),
        rules: rules(grants),
    }
}

fn role_ref(kind: &str) -> RoleRef {
    RoleRef {
        api_group: "rbac.authorization.k8s.io".into(),
        kind: kind.into(),
        name: AGENT.into(),
    }
}

fn subjects() -> Option<Vec<Subject>> {
    Some(vec![Subject {
        kind: "ServiceAccount".into(),
        name: AGENT.into(),
        namespace: Some(SYSTEM_NAMESPACE.into()),
        ..Default::default()
    }])
}

fn cluster_role_binding() -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: meta(AGENT, None),
        role_ref: role_ref("ClusterRole"),
        subjects: subjects(),
    }
}

fn role_binding(namespace: &str) -> RoleBinding {
    RoleBinding {
        metadata: meta(AGENT, Some(namespace)),
        role_ref: role_ref("Role"),
        subjects: subjects(),
    }
}

/// Confines what the account writes to namespaces of leases and its own; a role cannot, for it knows no prefixes.
fn confinement() -> Result<(ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding), ClusterError> {
    let user = format!("system:serviceaccount:{SYSTEM_NAMESPACE}:{AGENT}");
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": meta(AGENT, None),
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": { "resourceRules": [{
                "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
            }]},
            "matchConditions": [{
                "name": "agent",
                "expression": format!("request.userInfo.username == '{user}'"),
            }],
            "validations": [{
                "expression": format!(
                    "request.resource.group in ['perigee.cloud', 'authorization.k8s.io'] \
                     || (request.resource.resource == 'namespaces' && request.name.startsWith('{NAMESPACE_PREFIX}')) \
                     || (request.resource.resource != 'namespaces' && has(request.namespace) \
                         && (request.namespace == '{SYSTEM_NAMESPACE}' || request.namespace.startsWith('{NAMESPACE_PREFIX}')))"
                ),
                "message": format!("the Perigee agent writes only to {NAMESPACE_PREFIX}* and {SYSTEM_NAMESPACE}"),
            }],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": meta(AGENT, None),
        "spec": { "policyName": AGENT, "validationActions": ["Deny"] },
    });
    let typed = |e: serde_json::Error| ClusterError::Corrupt {
        what: "the admission policy".into(),
        why: e.to_string(),
    };
    Ok((
        serde_json::from_value(policy).map_err(typed)?,
        serde_json::from_value(binding).map_err(typed)?,
    ))
}

/// A kubeconfig with one context: the same server and authority, the agent's token, nothing of the operator's.
fn write_kubeconfig(admin: &Path, context: Option<&str>, token: &str, target: &Path) -> Result<(), ClusterError> {
    let bad = |why: &str| ClusterError::Kubeconfig {
        path: admin.to_owned(),
        why: why.to_owned(),
    };
    let file = Kubeconfig::read_from(admin).map_err(|e| bad(&e.to_string()))?;
    let context = context
        .or(file.current_context.as_deref())
        .ok_or_else(|| bad("it has no current context"))?;
    let named = file
        .contexts
        .iter()
        .find(|c| c.name == context)
        .and_then(|c| c.context.as_ref());
    let named = named.ok_or_else(|| bad(&format!("it has no context `{context}`")))?;
    let server = file
        .clusters
        .iter()
        .find(|c| c.name == named.cluster)
        .and_then(|c| c.cluster.clone());
    let mut server = server.ok_or_else(|| bad(&format!("it has no cluster `{}`", named.cluster)))?;
    // A path would tie the new file to the operator's; the content does not.
    if let Some(path) = server.certificate_authority.take() {
        let path = admin.parent().unwrap_or(Path::new("/")).join(path);
        let pem = fs::read(&path).map_err(|source| ClusterError::File { path, source })?;
        server.certificate_authority_data = Some(STANDARD.encode(pem));
    }
    let written = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": AGENT, "cluster": server }],
        "users": [{ "name": AGENT, "user": { "token": token } }],
        "contexts": [{ "name": AGENT, "context": { "cluster": AGENT, "user": AGENT } }],
        "current-context": AGENT,
    });
    // JSON is YAML.
    let text = format!("{written:#}\n");
    write_private(target, text.as_bytes()).map_err(|source| ClusterError::File {
        path: target.to_owned(),
        source,
    })
}

/// Written beside its place, then moved: never half a file, never readable by others.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// The definition of `CloudLease`, for people who install it by other means.
pub fn definition() -> CustomResourceDefinition {
    CloudLease::crd()
}
