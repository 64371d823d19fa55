// The page's script: filters, and the pictures, drawn by Chart.js when they come into view. charts.py packs the data.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const filters = ["search", "family", "dtype", "direction", "target", "tier", "sort"];
  const cards = [...document.querySelectorAll(".card")];
  const L1 = "4096", L2 = "65536";

  // ---- What the filters say ----------------------------------------------------------------------------

  const state = () => Object.fromEntries(filters.map((name) => [name, $(name).value]));
  const key = ([direction, dtype, tier, target]) => ({
    direction: data.directions[direction], dtype: data.dtypes[dtype], tier: data.tiers[tier], target: data.targets[target],
  });
  // The rows of a part of an op, unpacked, that the filters leave.
  const chosen = (op, part, s) => data.ops[op][part].map(([k, ...rest]) => ({ ...key(k), rest }))
    .filter((r) => r.dtype === s.dtype && r.direction === s.direction &&
      (!s.target || r.target === s.target) && (!s.tier || r.tier === s.tier));
  const speedOf = (op, s, size, target, tier) => {
    const row = chosen(op, "speed", { ...s, target, tier }).find((r) => data.sizes[r.rest[0]] === size);
    return row ? { rate: row.rest[1], perCycle: row.rest[2] } : null;
  };

  // ---- Colours and scales ------------------------------------------------------------------------------

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (k) => css(`--s${((k % 8) + 8) % 8}`);
  const ofTarget = (target) => colour(data.targets.indexOf(target));
  const faint = (c) => c + "2e";
  const short = (v) => {
    if (v === 0) return "0";
    const plain = Math.abs(v) < 1e5 && Math.abs(v) >= 1e-3;
    return plain ? String(Number(v.toPrecision(3))) : v.toExponential(0).replace("e+", "e");
  };
  const isRound = (v) => [1, 2, 5].includes(Number((v / 10 ** Math.floor(Math.log10(v) + 1e-9)).toPrecision(6)));
  const axis = (title, more = {}) => ({
    title: { display: title !== "", text: title, color: css("--muted") }, grid: { color: css("--grid"), borderColor: css("--line") },
    ...more, ticks: { color: css("--muted"), maxRotation: 0, callback: short, ...more.ticks },
  });
  const logAxis = (title, more = {}) => axis(title, {
    type: "logarithmic", ...more,
    ticks: { autoSkip: true, maxTicksLimit: 12, callback: (v) => (isRound(v) ? short(v) : ""), ...more.ticks },
  });
  // With the strokes of the lines, which Chart.js leaves out.
  const legendLabels = (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => {
    const { borderDash = [], borderColor, borderWidth } = chart.data.datasets[item.datasetIndex];
    return { ...item, lineDash: borderDash, strokeStyle: borderColor, lineWidth: borderWidth };
  });
  const options = (x, y, label) => ({
    animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
    interaction: { mode: "nearest", intersect: false }, scales: { x, y },
    plugins: {
      legend: {
        position: "bottom",
        labels: {
          color: css("--ink"), boxHeight: 8, padding: 8, usePointStyle: true, pointStyleWidth: 26, font: { size: 11 },
          generateLabels: legendLabels,
        },
      },
      tooltip: { callbacks: { label, title: () => "" } },
    },
  });
  const line = (label, points, c, more = {}) => ({
    label, data: points, borderColor: c, backgroundColor: faint(c), borderWidth: 1.6, pointRadius: 0, pointStyle: "line", showLine: true, ...more,
  });
  const DASH = { fast: [5, 3], accurate: [] };

  // ---- Pictures of a card ------------------------------------------------------------------------------

  // A line per tier and target; targets with the same errors share one.
  const errorLines = (rows, points) => {
    const lines = new Map();
    for (const r of rows) {
      const name = r.tier + JSON.stringify(r.rest);
      if (lines.has(name)) lines.get(name).targets.push(r.target);
      else lines.set(name, { ...r, targets: [r.target] });
    }
    return [...lines.values()].map((r) => line(`${r.targets.join(", ")}${r.tier === "fast" ? " fast" : ""}`,
      points(r.rest), ofTarget(r.targets[0]), { borderDash: DASH[r.tier] }));
  };
  const claimLines = (op, s, from, to) => {
    const name = (r) => `${r.tier === "fast" ? "fast claim" : "claim"}${data.fma[data.targets.indexOf(r.target)] ? "" : " without FMA"}`;
    const claims = new Map(chosen(op, "claims", s).reverse().map((r) => [`${r.tier} ${r.rest[0]}`, r]));
    return [...claims.values()].reverse().map((r) => line(`${name(r)} ${r.rest[0]}`, [{ x: from, y: r.rest[0] }, { x: to, y: r.rest[0] }],
      css("--muted"), { borderWidth: 1, borderDash: r.tier === "fast" ? [2, 3] : [8, 4] }));
  };
  const ulpAxis = axis.bind(null, "ulp", { beginAtZero: true, suggestedMax: 0.6 });
  const ulpLabel = (c) => `${c.dataset.label}: ${c.parsed.y.toFixed(2)} ulp at x ≈ ${short(c.parsed.x)}`;

  const overX = (op, s) => {
    const rows = chosen(op, "spread", s);
    if (!rows.length) return null;
    const width = (data.to - data.from) / rows[0].rest[0].length;
    const points = ([errors]) => errors.map((e, k) => ({ x: data.from + (k + 0.5) * width, y: e / 100 }));
    return {
      type: "scatter", data: { datasets: [...errorLines(rows, points), ...claimLines(op, s, data.from, data.to)] },
      options: options(axis("x", { min: data.from, max: data.to }), ulpAxis(), ulpLabel),
    };
  };

  // The axis of all floats: exponents from 1 (denormals) to 254, with the sign of x.
  const raised = (n) => String(n).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] || "⁻");
  const placeName = (v) => {
    if (v === 0) return "0";
    const exponent = Math.abs(v) - 127;
    return (v < 0 ? "−" : "") + (exponent === 0 ? "1" : `2${raised(exponent)}`);
  };
  const PLACES = [-254, -191, -127, -63, 0, 63, 127, 191, 254];
  const profile = (op, s) => {
    const rows = chosen(op, "profile", s);
    if (!rows.length) return null;
    const ticks = (a) => { a.ticks = PLACES.filter((v, k) => a.chart.width > 400 || k % 2 === 0).map((value) => ({ value })); };
    const x = axis("x", { min: -255, max: 255, afterBuildTicks: ticks, ticks: { callback: placeName, autoSkip: false } });
    const points = ([errors]) => errors.map((e, k) => ({ x: (k - (errors.length - 1) / 2) * data.per_place, y: e / 100 }));
    return {
      type: "scatter", data: { datasets: [...errorLines(rows, points), ...claimLines(op, s, -255, 255)] },
      options: options(x, ulpAxis(), (c) => `${c.dataset.label}: ${c.parsed.y.toFixed(2)} ulp near ${placeName(Math.round(c.parsed.x))}`),
    };
  };

  const histogram = (op, s) => {
    const rows = chosen(op, "spread", s).map((r) => ({ ...r, rest: [r.rest[1]] }));
    if (!rows.length) return null;
    const points = ([counts]) => {
      const all = counts.reduce((a, b) => a + b, 0);
      return [...counts, 0].map((n, k) => ({ x: k * data.step, y: (100 * n) / all })); // stepped until the next x
    };
    const lines = errorLines(rows, points).map((d) => ({ ...d, stepped: "before" }));
    return {
      type: "scatter", data: { datasets: lines },
      options: options(axis("error, ulp", { min: 0 }), axis("% of inputs", { beginAtZero: true }),
        (c) => `${c.dataset.label}: ${c.parsed.y.toFixed(1)} % at ${c.parsed.x.toFixed(2)} ulp`),
    };
  };

  const curve = (op) => {
    const [y, slope] = data.ops[op].curve;
    const step = (data.to - data.from) / (y.length - 1);
    const points = (values) => values.map((v, k) => ({ x: data.from + k * step, y: v }));
    const seen = [...y, ...slope].filter((v) => v !== null);
    const low = Math.max(-10, Math.min(...seen)), high = Math.min(10, Math.max(...seen));
    const room = 0.06 * (high - low || 1);
    return {
      type: "scatter",
      data: {
        datasets: [
          line("f(x)", points(y), colour(0), { borderWidth: 2.2 }),
          line("f′(x)", points(slope), colour(1), { borderDash: [6, 3] }),
        ],
      },
      options: options(axis("x", { min: data.from, max: data.to }),
        axis("", { min: low - room, max: high + room, ticks: { includeBounds: false } }),
        (c) => `${c.dataset.label} = ${short(c.parsed.y)} at x = ${short(c.parsed.x)}`),
    };
  };

  const SIZE_NAMES = { 4096: ["4096", "L1"], 65536: ["64K", "L2"], 16777216: ["16M", "memory"] };
  const bar = (label, values, c, more = {}) => ({
    label, data: values, backgroundColor: c, borderColor: c, borderWidth: 1, maxBarThickness: 26, pointStyle: "rect", ...more,
  });
  const speed = (op, s) => {
    const rows = chosen(op, "speed", s);
    const softmax = $(op).dataset.family === "softmax";
    const others = data.ops[op].peers.filter(([d, t]) => data.directions[d] === s.direction && data.dtypes[t] === s.dtype);
    const sizes = [...new Set([...rows.map((r) => data.sizes[r.rest[0]]), ...others.map((r) => data.sizes[r[3]])])]
      .filter((n) => n !== "digits").sort((a, b) => a - b);
    if (!rows.length) return null;
    const series = new Map();
    const put = (label, size, value, make) => {
      if (!series.has(label)) series.set(label, make(label, sizes.map(() => null)));
      const at = sizes.indexOf(size);
      if (at >= 0) series.get(label).data[at] = value;
    };
    rows.sort((a, b) => data.targets.indexOf(a.target) - data.targets.indexOf(b.target) || a.tier.localeCompare(b.tier));
    for (const r of rows) {
      const c = ofTarget(r.target);
      put(`${r.target}${r.tier === "fast" ? " fast" : ""}`, data.sizes[r.rest[0]], r.rest[1],
        (label, values) => bar(label, values, r.tier === "fast" ? c + "88" : c, { borderColor: c }));
    }
    if (!softmax) {
      for (const [dtype, size, rate] of data.memory) {
        const grey = css("--muted");
        if (data.dtypes[dtype] !== s.dtype) continue;
        put("memcpy", data.sizes[size], rate, (label, values) => bar(label, values, grey + "66", { borderColor: grey }));
      }
    }
    for (const [, , peer, size, rate] of others) {
      const outlined = { borderColor: colour(3 + series.size), borderWidth: 1.5 };
      put(peer, data.sizes[size], rate, (label, values) => bar(label, values, "transparent", outlined));
    }
    const x = axis(softmax ? "columns" : "elements", { type: "category", grid: { display: false }, ticks: { autoSkip: false } });
    delete x.ticks.callback;
    return {
      type: "bar", data: { labels: sizes.map((n) => (softmax ? n : SIZE_NAMES[n] || n)), datasets: [...series.values()] },
      options: options(x, logAxis("elements per ns"), (c) => `${c.dataset.label}, ${c.label}: ${short(c.parsed.y)} elements per ns`),
    };
  };

  // ---- Pictures of the summary -------------------------------------------------------------------------

  const FLOOR = 0.25; // where errors of 0 are drawn
  const dot = (op, size, rate, error, who) => ({ x: rate, y: Math.max(FLOOR, error), op, who, error });
  const ownDots = (op, target, tier) => {
    const s = { dtype: "f32", direction: "forward" };
    const at = speedOf(op, s, L2, target, tier) || speedOf(op, s, L1, target, tier);
    const claim = chosen(op, "claims", { ...s, target, tier })[0];
    return at && claim ? [dot(op, L2, at.rate, claim.rest[1], `simdact ${target} ${tier}`)] : [];
  };
  const peerDots = (op) => data.ops[op].peers
    .filter(([d, t, , size, , error]) => data.directions[d] === "forward" && data.dtypes[t] === "f32" && data.sizes[size] === L2 && error !== null)
    .map(([, , peer, size, rate, error]) => dot(op, size, rate, error, peer));
  const POINTS = ["circle", "triangle", "rectRot", "rect", "star", "crossRot", "rectRounded", "cross"];
  const dots = (label, points, k) => ({
    label, data: points, backgroundColor: k < 2 ? colour(k) : "transparent", borderColor: colour(k), pointStyle: POINTS[k % 8], radius: 6, hoverRadius: 8, borderWidth: 1.6,
  });
  // Names beside the dots, as far as they do not cover each other.
  const names = (text) => ({
    id: "names",
    afterDatasetsDraw: (chart) => {
      const { ctx, chartArea } = chart;
      const points = chart.data.datasets.flatMap((_, k) => chart.getDatasetMeta(k).data);
      const taken = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y + 4 }));
      ctx.font = "11px system-ui, sans-serif";
      ctx.fillStyle = css("--ink");
      chart.data.datasets.forEach((set, k) => chart.getDatasetMeta(k).data.forEach((point, i) => {
        const word = text(set.data[i]), wide = ctx.measureText(word).width, { x, y } = point;
        const places = [[x + 9, y + 4], [x - 9 - wide, y + 4], [x - wide / 2, y - 10], [x - wide / 2, y + 18]];
        for (const [left, top] of places) {
          if (left < chartArea.left || left + wide > chartArea.right + 8 || top > chartArea.bottom) continue;
          if (taken.some((t) => left < t.right && left + wide > t.left && Math.abs(top - t.top) < 12)) continue;
          taken.push({ left, right: left + wide, top });
          ctx.fillText(word, left, top);
          break;
        }
      }));
    },
  });
  const tradeoff = () => {
    const one = $("tradeoff-op").value;
    const ops = one ? [one] : Object.keys(data.ops).filter((op) => data.ops[op].curve.length);
    const targets = one ? data.targets : data.main.slice(0, 1);
    const sets = data.tiers.map((tier, k) => dots(`simdact ${tier}`, ops.flatMap((op) => targets.flatMap((t) => ownDots(op, t, tier))), k));
    const libraries = new Map();
    for (const p of ops.flatMap(peerDots)) {
      const library = p.who.split("-")[0];
      libraries.set(library, [...(libraries.get(library) || []), p]);
    }
    [...libraries].forEach(([name, points], k) => sets.push(dots(name, points, k + 2)));
    const y = logAxis("largest error, ulp", { min: FLOOR * 0.8, suggestedMax: 8, ticks: { callback: (v) => (isRound(v) ? short(v) : "") } });
    const chart = options(logAxis("elements per ns, f32, n = 65536"), y, ({ raw }) => `${raw.op}, ${raw.who}: ${short(raw.error)} ulp, ${short(raw.x)} elements per ns`);
    chart.plugins.legend.labels.pointStyleWidth = undefined;
    const naming = names((p) => (one ? p.who.replace("simdact ", "") : p.op));
    return { type: "scatter", data: { datasets: sets.filter((d) => d.data.length) }, options: chart, plugins: [naming] };
  };

  const KNOWN = ["relu", "hardswish", "exp", "sigmoid", "silu", "tanh", "gelu", "softplus"].filter((op) => data.ops[op]);
  const targets = () => {
    const s = { dtype: "f32", direction: "forward" };
    const height = (op, target) => {
      const at = speedOf(op, s, L1, target, "accurate");
      return at && (at.perCycle || at.rate);
    };
    const sets = data.targets.map((t) => bar(t, KNOWN.map((op) => height(op, t)), ofTarget(t)));
    const ticks = { autoSkip: false, font: { size: 11 }, maxRotation: 50 };
    const x = axis("", { type: "category", grid: { display: false }, ticks });
    delete x.ticks.callback;
    return {
      type: "bar", data: { labels: KNOWN, datasets: sets.filter((d) => d.data.some(Boolean)) },
      options: options(x, logAxis("elements per cycle"), (c) => `${c.label}, ${c.dataset.label}: ${short(c.parsed.y)} elements per cycle`),
    };
  };

  const memory = () => {
    const target = data.main[0];
    const lineOf = (op) => chosen(op, "speed", { dtype: "f32", direction: "forward", target, tier: "accurate" })
      .map((r) => ({ x: Number(data.sizes[r.rest[0]]), y: r.rest[1] })).filter((p) => p.x).sort((a, b) => a.x - b.x);
    const ops = ["relu", "sigmoid", "silu", "tanh", "gelu"].filter((op) => data.ops[op] && lineOf(op).length > 2);
    const ceiling = data.memory.filter(([dtype]) => data.dtypes[dtype] === "f32")
      .map(([, size, y]) => ({ x: Number(data.sizes[size]), y })).sort((a, b) => a.x - b.x);
    const marked = (k) => ({ pointRadius: 3.5, pointStyle: POINTS[k], borderDash: k % 2 ? [6, 3] : [] });
    const sets = ops.map((op, k) => line(op, lineOf(op), colour(k), marked(k)));
    sets.push(line("memcpy", ceiling, css("--muted"), { borderDash: [2, 3], pointRadius: 3 }));
    const sizes = [...new Set(sets.flatMap((d) => d.data.map((p) => p.x)))];
    const sizeName = (v) => ({ 16777216: "16M", 65536: "64K", 4096: "4K" })[v] || v;
    const ticks = (a) => { a.ticks = sizes.map((value) => ({ value })); };
    const x = logAxis("elements", { ticks: { autoSkip: false, callback: sizeName }, afterBuildTicks: ticks });
    const chart = options(x, logAxis("elements per ns"), (c) => `${c.dataset.label}, ${c.parsed.x} elements: ${short(c.parsed.y)} per ns`);
    chart.plugins.legend.labels.pointStyleWidth = undefined;
    return { type: "scatter", data: { datasets: sets }, options: chart };
  };

  // ---- Drawing -----------------------------------------------------------------------------------------

  const KINDS = { curve, over_x: overX, profile, histogram, speed, tradeoff, targets, memory };
  const charts = new Map();
  Chart.defaults.font.family = "system-ui, sans-serif";

  // A picture without figures for these filters says so.
  const draw = (canvas) => {
    if (charts.has(canvas)) return;
    const card = canvas.closest(".card");
    const config = KINDS[canvas.dataset.picture](card && card.id, state());
    const box = canvas.parentElement;
    box.dataset.empty = config ? "" : canvas.dataset.picture === "profile" ? "Measured of f32 alone." : "Not measured for this choice.";
    canvas.hidden = !config;
    charts.set(canvas, config && new Chart(canvas, config));
  };
  const drop = (canvas) => {
    if (charts.get(canvas)) charts.get(canvas).destroy();
    charts.delete(canvas);
  };
  const seen = new IntersectionObserver((entries) => {
    for (const e of entries) if (e.isIntersecting) draw(e.target.querySelector("canvas"));
  }, { rootMargin: "400px" });
  const redraw = (within) => {
    for (const canvas of within.querySelectorAll("canvas")) {
      drop(canvas);
      seen.unobserve(canvas.parentElement);
      const card = canvas.closest(".card");
      if (!card || (card.open && !card.hidden)) seen.observe(canvas.parentElement);
    }
  };

  // ---- Filters -----------------------------------------------------------------------------------------

  // What a card's head shows: claim, largest error and speed, of the accurate tier unless the fast one is asked for.
  const figures = (op, s) => {
    const tier = s.tier || "accurate";
    const claims = chosen(op, "claims", { ...s, tier });
    const at = speedOf(op, s, L1, s.target || data.main[0], tier);
    const most = (k) => (claims.length ? Math.max(...claims.map((r) => r.rest[k])) : null);
    return { claim: most(0), error: most(1), speed: at };
  };
  const show = (card, s) => {
    const f = (card.figures = figures(card.id, s));
    const set = (name, text) => { card.querySelector(`summary .${name}`).textContent = text; };
    set("claim", f.claim === null ? "" : f.claim ? `≤ ${short(f.claim)} ulp` : "exact");
    set("error", f.error === null ? "" : `${f.error.toFixed(3)} ulp${f.error > f.claim ? " !" : " ✓"}`);
    set("speed", f.speed ? (f.speed.perCycle ? `${short(f.speed.perCycle)} per cycle` : `${short(f.speed.rate)} per ns`) : "");
    const words = s.search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.every((w) => card.dataset.text.includes(w)) && (!s.family || card.dataset.family === s.family);
    card.hidden = !found || (f.claim === null && !f.speed);
  };
  const down = (value) => (value === null || value === undefined ? Infinity : -value);
  const ORDERS = {
    order: (c) => Number(c.dataset.order), name: (c) => c.id, error: (c) => down(c.figures.error),
    speed: (c) => down(c.figures.speed && (c.figures.speed.perCycle || c.figures.speed.rate)),
    margin: (c) => (c.figures.claim ? 1 - c.figures.error / c.figures.claim : Infinity),
  };
  const apply = () => {
    const s = state();
    for (const card of cards) show(card, s);
    const by = ORDERS[s.sort];
    const compare = (a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.dataset.order - b.dataset.order);
    $("cards").append(...[...cards].sort(compare));
    const left = cards.filter((c) => !c.hidden).length;
    $("count").textContent = `${left} of ${cards.length} functions; ${s.dtype}, ${s.direction === "forward" ? "forward" : "gradient"}, ` +
      `${s.target || `all targets (speed: ${data.main[0]})`}, ${s.tier === "fast" ? "fast" : "accurate"} tier in the heads`;
    $("nothing").hidden = left > 0;
    for (const code of document.querySelectorAll(".card [data-command]")) {
      code.textContent = code.dataset.command.replace("{dtype}", s.dtype).replace("{direction}", s.direction);
    }
    redraw($("cards"));
  };
  const reset = () => {
    for (const name of filters) $(name)[name === "search" ? "value" : "selectedIndex"] = name === "search" ? "" : 0;
    apply();
  };
  for (const name of filters) $(name).addEventListener(name === "search" ? "input" : "change", apply);
  $("reset").addEventListener("click", reset);
  $("tradeoff-op").addEventListener("change", () => redraw($("summary")));
  for (const card of cards) card.addEventListener("toggle", () => redraw(card));
  $("open-all").addEventListener("click", () => {
    const open = $("open-all").textContent === "Open all";
    for (const card of cards) card.open = open;
    $("open-all").textContent = open ? "Close all" : "Open all";
  });

  // A link to a function opens it.
  const follow = () => {
    const card = cards.find((c) => `#${c.id}` === location.hash);
    if (!card) return;
    if (card.hidden) reset();
    card.open = true;
    card.scrollIntoView();
  };
  addEventListener("hashchange", follow);

  // ---- Colours -----------------------------------------------------------------------------------------

  const THEMES = ["system", "light", "dark"];
  $("theme").addEventListener("click", () => {
    const now = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "system") + 1) % 3];
    if (now === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    $("theme").textContent = `Colours: ${now}`;
    $("theme").setAttribute("aria-label", `Colours: ${now}`);
    redraw(document);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw(document));

  if (Object.values(data.ops).some((op) => op.peers.length)) {
    const first = ["gelu", "tanh"].find((op) => data.ops[op] && data.ops[op].peers.length);
    if (first) $("tradeoff-op").value = first;
  }
  apply();
  redraw($("summary"));
  follow();
})();
