import { defineTexts } from '@tollgate/web';

export const featureTexts = defineTexts(
  {
    title: 'Features',
    create: 'Create a feature',
    empty: 'No features yet',
    emptyHint: 'A plan grants features: create the first one, or import a catalogue document.',
    type: 'Type',
    typeHint: 'Cannot change afterwards.',
    types: {
      metered: 'Metered: counted against a limit',
      boolean: 'Switch: on or off',
      static: 'Value: a number or text',
      credit: 'Credit: granted and burnt down',
    },
    aggregation: 'Aggregation',
    aggregationHint: 'How usage becomes a count. Cannot change afterwards.',
    aggregations: {
      sum: 'Sum of the units',
      latest: 'Newest reported value',
      max: 'Highest reported value',
      unique: 'Number of distinct values',
    },
    unit: 'Unit',
    unitHint: 'Name of one unit, such as GB.',
    failurePolicy: 'If the database does not answer',
    failurePolicyHint: 'Decision of a check while the database does not answer in time.',
    failurePolicies: {
      none: 'The check fails (503)',
      deny: 'Deny',
      allow: 'Allow',
      last_known: 'Last known decision',
    },
    archiveEffect:
      'Every check of the feature is denied within two seconds, on every plan. Recorded usage is kept. Importing a document with the feature restores it.',
  },
  {
    title: 'Merkmale',
    create: 'Merkmal anlegen',
    empty: 'Noch keine Merkmale',
    emptyHint: 'Ein Tarif gewährt Merkmale: Legen Sie das erste an oder importieren Sie ein Katalogdokument.',
    type: 'Typ',
    typeHint: 'Später nicht änderbar.',
    types: {
      metered: 'Gemessen: gegen ein Limit gezählt',
      boolean: 'Schalter: an oder aus',
      static: 'Wert: Zahl oder Text',
      credit: 'Guthaben: gewährt und verbraucht',
    },
    aggregation: 'Aggregation',
    aggregationHint: 'Wie Nutzung zu einer Zahl wird. Später nicht änderbar.',
    aggregations: {
      sum: 'Summe der Einheiten',
      latest: 'Neuester gemeldeter Wert',
      max: 'Höchster gemeldeter Wert',
      unique: 'Anzahl verschiedener Werte',
    },
    unit: 'Einheit',
    unitHint: 'Name einer Einheit, zum Beispiel GB.',
    failurePolicy: 'Wenn die Datenbank nicht antwortet',
    failurePolicyHint: 'Entscheidung einer Prüfung, solange die Datenbank nicht rechtzeitig antwortet.',
    failurePolicies: {
      none: 'Die Prüfung schlägt fehl (503)',
      deny: 'Ablehnen',
      allow: 'Erlauben',
      last_known: 'Letzte bekannte Entscheidung',
    },
    archiveEffect:
      'Jede Prüfung des Merkmals wird innerhalb von zwei Sekunden abgelehnt, in jedem Tarif. Erfasste Nutzung bleibt. Der Import eines Dokuments mit dem Merkmal stellt es wieder her.',
  },
);
