import { defineTexts } from '@tollgate/web';

export const usageTexts = defineTexts(
  {
    title: 'Usage over time',
    feature: 'Feature',
    by: 'Length of a step',
    steps: { hour: 'Hours', day: 'Days', month: 'Months' },
    spans: { hour: 'two days', day: '30 days', month: 'twelve months' },
    noFeature: 'No feature of this customer is counted',
    noUsage: (span: string) => `No usage in the last ${span}`,
    total: (total: string, span: string) => `${total} units in the last ${span}. Steps without usage are left out.`,
    chartOf: (feature: string) => `Chart of the usage of ${feature}; the table below has the same numbers`,
    tableOf: (feature: string) => `Usage of ${feature}, newest first`,
    start: (zone: string) => `Start (${zone})`,
    units: 'Units',
  },
  {
    title: 'Nutzung im Zeitverlauf',
    feature: 'Funktion',
    by: 'Länge eines Schritts',
    steps: { hour: 'Stunden', day: 'Tage', month: 'Monate' },
    spans: { hour: 'zwei Tagen', day: '30 Tagen', month: 'zwölf Monaten' },
    noFeature: 'Keine Funktion dieses Kunden wird gezählt',
    noUsage: (span: string) => `Keine Nutzung in den letzten ${span}`,
    total: (total: string, span: string) =>
      `${total} Einheiten in den letzten ${span}. Schritte ohne Nutzung fehlen in der Liste.`,
    chartOf: (feature: string) => `Diagramm der Nutzung von ${feature}; die Tabelle darunter hat dieselben Zahlen`,
    tableOf: (feature: string) => `Nutzung von ${feature}, neueste zuerst`,
    start: (zone: string) => `Beginn (${zone})`,
    units: 'Einheiten',
  },
);
