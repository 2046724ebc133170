"""Types of the built-in Kubernetes kinds: plain dictionaries whose fields mypy checks.

The field names are those of a manifest. Only the fields and values that the library uses are here. A test compares
them with Kubernetes' own schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict


class LabelSelector(TypedDict, total=False):
    """Picks objects by their labels; all of them where it is empty."""

    matchLabels: Mapping[str, str]


# Services


class ServicePort(TypedDict, total=False):
    """A port of a Service, and the port of its pods behind it."""

    appProtocol: str
    name: str
    port: int
    protocol: Literal["TCP", "UDP"]
    targetPort: str | int


class ServiceSpec(TypedDict, total=False):
    """A name for pods, or for another name."""

    clusterIP: Literal["None"]
    externalName: str
    ports: Sequence[ServicePort]
    selector: Mapping[str, str]
    type: Literal["ExternalName"]


# Network policies


class NetworkPolicyPort(TypedDict):
    """A port that a policy opens."""

    port: int
    protocol: Literal["TCP", "UDP"]


class IPBlock(TypedDict):
    """A range of addresses."""

    cidr: str


class NetworkPolicyPeer(TypedDict, total=False):
    """Who is at the other end: pods of namespaces, or addresses."""

    ipBlock: IPBlock
    namespaceSelector: LabelSelector
    podSelector: LabelSelector


# `from` is a word of Python, so this one cannot be a class.
NetworkPolicyIngressRule = TypedDict(
    "NetworkPolicyIngressRule",
    {"from": Sequence[NetworkPolicyPeer], "ports": Sequence[NetworkPolicyPort]},
    total=False,
)
"""Who may come in, and to which ports."""


class NetworkPolicyEgressRule(TypedDict, total=False):
    """Where pods may go, and to which ports."""

    ports: Sequence[NetworkPolicyPort]
    to: Sequence[NetworkPolicyPeer]


class NetworkPolicySpec(TypedDict, total=False):
    """What the chosen pods may do; in a direction that is named without a rule, nothing."""

    egress: Sequence[NetworkPolicyEgressRule]
    ingress: Sequence[NetworkPolicyIngressRule]
    podSelector: LabelSelector
    policyTypes: Sequence[Literal["Ingress", "Egress"]]


# Autoscalers and budgets


class MetricIdentifier(TypedDict, total=False):
    """A metric by name, and by labels."""

    name: str
    selector: LabelSelector


class MetricTarget(TypedDict, total=False):
    """The value that an autoscaler holds a metric at."""

    averageUtilization: int
    averageValue: str
    type: Literal["Utilization", "AverageValue"]


class CrossVersionObjectReference(TypedDict, total=False):
    """An object by kind and name."""

    apiVersion: str
    kind: str
    name: str


class ResourceMetricSource(TypedDict):
    """CPU or memory of the pods."""

    name: str
    target: MetricTarget


class MetricSource(TypedDict):
    """A metric of the pods, or of nothing in the cluster."""

    metric: MetricIdentifier
    target: MetricTarget


class ObjectMetricSource(TypedDict):
    """A metric of an object."""

    describedObject: CrossVersionObjectReference
    metric: MetricIdentifier
    target: MetricTarget


class MetricSpec(TypedDict, total=False):
    """One metric that an autoscaler follows; of the sources the one that `type` names."""

    external: MetricSource
    object: ObjectMetricSource
    pods: MetricSource
    resource: ResourceMetricSource
    type: Literal["External", "Object", "Pods", "Resource"]


class HPAScalingPolicy(TypedDict):
    """How many pods may come or go in a period."""

    periodSeconds: int
    type: Literal["Percent", "Pods"]
    value: int


class HPAScalingRules(TypedDict):
    """How fast an autoscaler moves in one direction."""

    policies: Sequence[HPAScalingPolicy]
    selectPolicy: Literal["Max"]
    stabilizationWindowSeconds: int


class HorizontalPodAutoscalerBehavior(TypedDict):
    """How fast an autoscaler moves."""

    scaleDown: HPAScalingRules
    scaleUp: HPAScalingRules


class HorizontalPodAutoscalerSpec(TypedDict):
    """What is scaled, between which numbers of pods, and by what."""

    behavior: HorizontalPodAutoscalerBehavior
    maxReplicas: int
    metrics: Sequence[MetricSpec]
    minReplicas: int
    scaleTargetRef: CrossVersionObjectReference


class PodDisruptionBudgetSpec(TypedDict):
    """How many of the chosen pods a drain may take at once."""

    maxUnavailable: int
    selector: LabelSelector
    unhealthyPodEvictionPolicy: Literal["AlwaysAllow"]


# Permissions


class PolicyRule(TypedDict, total=False):
    """What may be done with which resources."""

    apiGroups: Sequence[str]
    resourceNames: Sequence[str]
    resources: Sequence[str]
    verbs: Sequence[str]


class RoleRef(TypedDict):
    """The role that a binding gives."""

    apiGroup: Literal["rbac.authorization.k8s.io"]
    kind: Literal["Role"]
    name: str


class Subject(TypedDict, total=False):
    """The account that a binding gives a role to."""

    kind: Literal["ServiceAccount"]
    name: str
    namespace: str


# What a namespace may use


class ResourceQuotaSpec(TypedDict):
    """The most that a namespace may reserve, by resource."""

    hard: Mapping[str, str]


class LimitRangeItem(TypedDict):
    """What a container gets that does not say it."""

    default: Mapping[str, str]
    defaultRequest: Mapping[str, str]
    type: Literal["Container"]


class LimitRangeSpec(TypedDict):
    """What containers of a namespace get that do not say it."""

    limits: Sequence[LimitRangeItem]
