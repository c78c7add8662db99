import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Config } from '@app/platform';
import { answeredPaths, knownVariables, kubernetes, readYaml, yamlFiles } from './deployment-files.js';
import { type Manifest, problemsOf } from './kubernetes-schema.js';

const root = path.resolve(import.meta.dirname, '../..');
const KUSTOMIZATION = 'kustomization.yaml';
const SECRET_EXAMPLE = 'secret.example.yaml';
/** Upper limit of the shutdown of the service in ms, including the drain time. */
const STOP_MS = 25_000;
const GOOD_SECRETS = { DATABASE_URL: 'postgres://db/x', SECRET_KEY: 'q8Zr1vXw5uTn3yLk7pMd2sGh9cFb4aJe' };

const manifests = yamlFiles()
  .filter((file) => path.basename(file) !== KUSTOMIZATION)
  .flatMap((file) => readYaml(path.join(kubernetes, file)).map((manifest) => ({ file, manifest })));
const ofKind = (kind: string): Manifest[] =>
  manifests.filter(({ manifest }) => manifest.kind === kind).map(({ manifest }) => manifest);
const deployments = ofKind('Deployment');
const deployment = (name: string): Manifest => deployments.find(({ metadata }) => metadata.name === name)!;
const workloads = [...deployments, ...ofKind('Job')];
const podOf = (workload: Manifest): any => workload['spec'].template;
const container = (workload: Manifest): any => podOf(workload).spec.containers[0];
const job = ofKind('Job')[0]!;
const config: Record<string, string> = ofKind('ConfigMap')[0]!['data'];
const secret: Record<string, string> = ofKind('Secret')[0]!['stringData'];
const named = (workloads: Manifest[]): [string, Manifest][] =>
  workloads.map((workload) => [workload['metadata'].name, workload]);

/** True when the selector selects the pod. `{}` selects all. */
const chooses = ({ matchLabels = {}, matchExpressions = [] }: any, labels: Record<string, string>): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
  matchExpressions.every(({ key, operator, values }: any) => operator === 'In' && values.includes(labels[key]));
const chosen = (selector: unknown): string[] =>
  workloads
    .filter((workload) => chooses(selector, podOf(workload).metadata.labels))
    .map(({ metadata }) => metadata.name);

describe('Kubernetes manifests', () => {
  it('match the Kubernetes types', async () => {
    const problems = await problemsOf(manifests.map(({ manifest }) => manifest));
    const results = manifests.map(({ file, manifest }, index) => ({
      file,
      kind: manifest.kind,
      problems: problems[index],
    }));
    expect(results.filter((result) => result.problems!.length > 0)).toEqual([]);
    expect(new Set(results.map(({ kind }) => kind))).toEqual(
      new Set([
        'Namespace',
        'ConfigMap',
        'Secret',
        'Deployment',
        'Service',
        'HorizontalPodAutoscaler',
        'PodDisruptionBudget',
        'NetworkPolicy',
        'Job',
      ]),
    );
  }, 60_000);

  it('would be rejected with a field that Kubernetes does not know', async () => {
    const broken = (change: (api: any) => void): Manifest => {
      const copy = structuredClone(deployment('tollgate-api'));
      change(copy);
      return copy;
    };
    const cases: [RegExp, Manifest][] = [
      [/"replica"' does not exist/, broken((api) => (api.spec.replica = 3))],
      [/"readynessProbe"' does not exist/, broken((api) => (container(api).readynessProbe = {}))],
      [/must be integer/, broken((api) => (api.spec.replicas = 'three'))],
      [/must be string/, broken((api) => (container(api).env[0].value = true))],
      [/"secret"' does not exist/, broken((api) => (container(api).env[1].valueFrom = { secret: 'tollgate' }))],
      [/must have required property selector/, broken((api) => delete api.spec.selector)],
      [/must have required property template/, broken((api) => delete api.spec.template)],
      [/There is no Deployment in apps\/v2/, broken((api) => (api.apiVersion = 'apps/v2'))],
      [/There is no Deploymint in apps\/v1/, broken((api) => (api.kind = 'Deploymint'))],
    ];
    const problems = await problemsOf(cases.map(([, manifest]) => manifest));
    for (const [index, [expected]] of cases.entries()) expect(problems[index]!.join('\n')).toMatch(expected);
  }, 60_000);

  it('are all listed in kustomization.yaml, except the example secret', () => {
    const kustomizations = yamlFiles().filter((file) => path.basename(file) === KUSTOMIZATION);
    const listed = kustomizations.flatMap((file) => {
      const [{ apiVersion, kind, resources = [], components = [], images, ...rest }] = readYaml(
        path.join(kubernetes, file),
      ) as [Manifest];
      expect([rest, kind, apiVersion]).toEqual(
        kind === 'Component'
          ? [{}, kind, 'kustomize.config.k8s.io/v1alpha1']
          : [{}, 'Kustomization', 'kustomize.config.k8s.io/v1beta1'],
      );
      // Deployments and migration job take their image from one component.
      expect(
        kind === 'Component'
          ? images.map(({ name }: any) => name)
          : components.map((at: string) => path.join(path.dirname(file), at)),
      ).toEqual([kind === 'Component' ? 'tollgate' : 'image']);
      return resources.map((resource: string) => path.join(path.dirname(file), resource));
    });
    expect(listed.sort()).toEqual(
      yamlFiles().filter((file) => !kustomizations.includes(file) && file !== SECRET_EXAMPLE),
    );
  });

  it('are in one namespace', () => {
    const namespace = ofKind('Namespace')[0]!['metadata'].name;
    for (const { manifest } of manifests)
      if (manifest.kind !== 'Namespace')
        expect([manifest['metadata'].name, manifest['metadata'].namespace]).toEqual([
          manifest['metadata'].name,
          namespace,
        ]);
  });

  it('run one image as api, worker and migration with programs that the build produces', () => {
    expect(named(workloads).map(([name, workload]) => [name, container(workload).image])).toEqual([
      ['tollgate-api', 'tollgate'],
      ['tollgate-worker', 'tollgate'],
      ['tollgate-migrate', 'tollgate'],
    ]);
    expect(container(deployment('tollgate-worker')).command).toEqual([
      'node',
      '--enable-source-maps',
      '--max-semi-space-size=64',
      'dist/apps/worker/src/main.js',
    ]);
    expect(container(job).command).toEqual(['node', 'dist/migrations/migrate.js']);
    for (const workload of [deployment('tollgate-worker'), job]) {
      expect(
        fs.existsSync(
          path.join(
            root,
            container(workload)
              .command.at(-1)
              .replace(/^dist\//, '')
              .replace(/\.js$/, '.ts'),
          ),
        ),
      ).toBe(true);
    }
  });
});

describe('pod environment', () => {
  const variables = (workload: Manifest): any[] => container(workload).env ?? [];

  it('contains only variables that the configuration knows', () => {
    const known = knownVariables();
    expect(known).toEqual(expect.arrayContaining(['DATABASE_URL', 'SECRET_KEY', 'WORKER']));
    const used = [
      ...Object.keys(config),
      ...Object.keys(secret),
      ...workloads.flatMap((workload) => variables(workload).map(({ name }) => name)),
    ];
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('reads only keys that the config map and the secret define', () => {
    const names = { config: ofKind('ConfigMap')[0]!['metadata'].name, secret: ofKind('Secret')[0]!['metadata'].name };
    for (const workload of workloads) {
      for (const { configMapRef } of container(workload).envFrom ?? []) expect(configMapRef.name).toBe(names.config);
      for (const { name, valueFrom } of variables(workload))
        if (valueFrom) expect(valueFrom.secretKeyRef).toMatchObject({ name: names.secret, key: name });
    }
    const referenced = workloads.flatMap((workload) =>
      variables(workload)
        .filter(({ valueFrom }) => valueFrom)
        .map(({ name }) => name),
    );
    expect([...new Set(referenced)].sort()).toEqual(Object.keys(secret).sort());
  });

  it('starts the service in production when the secrets are set', () => {
    for (const workload of deployments) {
      const plain = Object.fromEntries(
        variables(workload)
          .filter(({ value }) => value !== undefined)
          .map(({ name, value }) => [name, value]),
      );
      const started = new Config({ ...config, ...plain, ...GOOD_SECRETS });
      expect(started).toMatchObject({
        production: true,
        host: '0.0.0.0',
        port: container(workload).ports[0].containerPort,
        dataDir: expect.stringMatching(/^\/tmp\//),
      });
    }
    expect(variables(deployment('tollgate-api'))).toContainEqual({ name: 'WORKER', value: 'off' });
  });

  it('contains no secret, and production rejects the example values', () => {
    const production = { ...config, ...GOOD_SECRETS };
    expect(() => new Config(production)).not.toThrow();
    for (const [name, value] of Object.entries(secret))
      expect(() => new Config({ ...production, [name]: value })).toThrow(name);
    // No config map and no pod contains a secret value.
    expect(ofKind('Secret')).toHaveLength(1);
    expect(Object.keys(config).filter((name) => name in secret || /SECRET|PASSWORD|TOKEN|_KEY$/.test(name))).toEqual(
      [],
    );
    for (const workload of workloads)
      expect(variables(workload).filter(({ name, value }) => value !== undefined && name in secret)).toEqual([]);
    for (const file of yamlFiles())
      expect(JSON.stringify(readYaml(path.join(kubernetes, file)))).not.toMatch(/:\/\/[^/\s"]*:[^/\s"]*@|PRIVATE KEY/);
  });
});

describe('pods', () => {
  it.each(named(workloads))('%s has a restricted security context', (_, workload) => {
    expect(podOf(workload).spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const { securityContext, resources, volumeMounts } = container(workload);
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(resources).toMatchObject({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
    expect(volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
    expect(podOf(workload).spec.volumes).toEqual([{ name: 'tmp', emptyDir: expect.any(Object) }]);
  });

  it.each(named(deployments))('%s has probes on paths that it serves', (name, workload) => {
    const paths = answeredPaths(name === 'tollgate-api' ? 'api' : 'worker');
    const { startupProbe, readinessProbe, livenessProbe, ports } = container(workload);
    expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
      '/health/live',
      '/health/ready',
      '/health/live',
    ]);
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      expect(paths).toContain(httpGet.path);
      expect(ports.map(({ name }: any) => name)).toContain(httpGet.port);
    }
    expect(paths).toContain('/metrics');
    expect(podOf(workload).metadata.annotations).toEqual({
      'prometheus.io/scrape': 'true',
      'prometheus.io/path': '/metrics',
      'prometheus.io/port': String(ports[0].containerPort),
    });
  });

  it.each(named(deployments))('%s rolls out without a gap and has time to stop', (_, workload) => {
    expect(workload['spec'].strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    });
    expect(podOf(workload).spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(STOP_MS + 5_000);
    expect(Number(config['DRAIN_MS'])).toBeLessThan(STOP_MS / 2);
  });

  it('are selected by exactly the services and policies meant for them', () => {
    for (const workload of deployments) {
      const { name } = workload['metadata'];
      expect(chosen(workload['spec'].selector)).toEqual([name]);
      expect(
        podOf(workload).spec.topologySpreadConstraints.map(({ topologyKey, labelSelector }: any) => [
          topologyKey,
          chosen(labelSelector),
        ]),
      ).toEqual([
        ['kubernetes.io/hostname', [name]],
        ['topology.kubernetes.io/zone', [name]],
      ]);
    }
    const [service] = ofKind('Service');
    expect(chosen({ matchLabels: service!['spec'].selector })).toEqual(['tollgate-api']);
    expect(container(deployment('tollgate-api')).ports.map(({ name }: any) => name)).toContain(
      service!['spec'].ports[0].targetPort,
    );
    expect(
      ofKind('PodDisruptionBudget').map(({ metadata, spec }) => [
        metadata.name,
        spec.maxUnavailable,
        chosen(spec.selector),
      ]),
    ).toEqual([
      ['tollgate-api', 1, ['tollgate-api']],
      ['tollgate-worker', 1, ['tollgate-worker']],
    ]);
    expect(
      ofKind('NetworkPolicy').map(({ metadata, spec }) => [
        metadata.name,
        chosen(spec.podSelector),
        (spec.ingress ?? []).flatMap(({ ports }: any) => ports.map(({ port }: any) => port)),
      ]),
    ).toEqual([
      ['tollgate-nobody', ['tollgate-api', 'tollgate-worker', 'tollgate-migrate'], []],
      ['tollgate-clients', ['tollgate-api'], ['http']],
      ['tollgate-metrics', ['tollgate-api', 'tollgate-worker'], ['http']],
    ]);
  });

  it('the api runs three or more replicas by autoscaler only, and two workers run', () => {
    const [{ spec }] = ofKind('HorizontalPodAutoscaler') as [Manifest];
    const { apiVersion, kind, name } = spec.scaleTargetRef;
    const target = deployment(name);
    expect([apiVersion, kind, name]).toEqual([target.apiVersion, target.kind, 'tollgate-api']);
    expect([spec.minReplicas, spec.metrics[0].resource.name, target['spec'].replicas]).toEqual([3, 'cpu', undefined]);
    expect(spec.maxReplicas).toBeGreaterThan(spec.minReplicas);
    expect(deployment('tollgate-worker')['spec'].replicas).toBe(2);
    // PostgreSQL has 100 connections by default, 3 of them for superusers. Each pod has one more for LISTEN.
    expect((spec.maxReplicas + 1 + 2 + 1) * (Number(config['DATABASE_CONNECTIONS']) + 1)).toBeLessThanOrEqual(97);
  });
});
