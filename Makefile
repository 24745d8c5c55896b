# The everyday commands; `make` lists them. Logic lives in Maven or in the script that a target names.
.DEFAULT_GOAL := help
.SUFFIXES:

-include .env
export
# Compose reads it, too, and understands these otherwise.
ifneq (,$(shell grep -E '^[A-Z_]+=(.*["$$\#]|'\'')' .env 2>/dev/null))
$(error A value in .env has a quote, "$$" or "\#"; a poll that needs them goes into the file that POLL_FILE names)
endif

MVN  := ./mvnw --batch-mode --no-transfer-progress
DEV  := docker compose
PROD := docker compose -f docker-compose.prod.yml

# The layer that watches: its files on top of those of a stack, and its services.
DEV_WATCHED   := $(DEV) -f docker-compose.yml -f deploy/monitoring/compose.yml
PROD_WATCHED  := $(PROD) -f deploy/monitoring/compose.yml -f deploy/monitoring/compose.prod.yml
MONITORS      := prometheus alertmanager redis-exporter postgres-exporter node-exporter
PROD_MONITORS := $(MONITORS) nginx-exporter blackbox-exporter

# The layer that collects logs, and what takes every layer of a stack away again.
DEV_COLLECTED  := $(DEV) -f docker-compose.yml -f deploy/logs/compose.yml
PROD_COLLECTED := $(PROD) -f deploy/logs/compose.yml -f deploy/logs/compose.prod.yml
DEV_ALL        := $(DEV_WATCHED) -f deploy/logs/compose.yml --profile grafana
PROD_ALL       := $(PROD_WATCHED) -f deploy/logs/compose.yml -f deploy/logs/compose.prod.yml --profile grafana

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Without Docker (a JDK 25 is all it takes)

.PHONY: demo dev test bench fuzz
demo: ## run the whole system with embedded Postgres and Redis; Ctrl-C stops it; with voters: AUDIENCE=200
	@exec deploy/local/demo
dev: ## the same, and start a service again when its classes change; a debugger finds them on ports 5005 to 5007
	@exec deploy/local/demo dev
test: ## run all tests
	$(MVN) verify
fuzz: ## send more hostile input than the tests do: make fuzz CASES=1000000
	$(MVN) test -pl vote,worker,result -Dtest='*FuzzTest' -Djqwik.tries.default=$$(( $(or $(CASES),115000) / 23 ))
bench: package ## measure votes/s, ballots drained/s and click-to-visible
	@exec deploy/local/bench

##@ Load (deploy/load/README.md explains the settings)

.PHONY: load load-curve load-compare reset overload viewers
load: ## offer load, measure, verify: make load RATE=2000 DURATION=60s
	@exec deploy/load/run load
load-curve: ## raise the rate step by step: make load-curve RATES=1000,2000,4000 REPEAT=3
	@exec deploy/load/run curve
load-compare: ## two reports side by side: make load-compare A=….json B=….json
	@exec deploy/load/run compare
reset: ## empty the system, or fill it: make reset SEED_VOTES=1000000
	@exec deploy/load/run reset
overload: package ## offer 2, 5 and 10 times what a system of its own can take
	@exec deploy/load/overload
viewers: package ## hold 5,000 viewers on each of 3 instances of result
	@exec deploy/load/viewers

.PHONY: scaling
scaling: ## calculate what a size takes: make scaling RATE=100000 VOTERS=10000000 VIEWERS=50000
	@java deploy/scaling/src/main/java/voting/scaling/Scaling.java

##@ Prove it

.PHONY: chaos chaos-docker
chaos: package ## strike the system with faults while people vote: make chaos CHAOS_MINUTES=3 CHAOS_SEED=4711
	@exec deploy/chaos/run
chaos-docker: package ## the same on the stack of docker-compose.yml, as a project of its own
	@exec deploy/chaos/run docker

##@ Code

.PHONY: package check format screenshots
package: ## build the jars without running tests
	$(MVN) --quiet package -DskipTests
check: ## what CI runs without Docker: format, build, all tests
	$(MVN) spotless:check verify
format: ## format the Java code
	$(MVN) --quiet spotless:apply
screenshots: package ## take the pictures of the README again, of the running system
	SCREENSHOTS=deploy/screenshots $(MVN) --quiet -pl deploy/local verify -Dit.test=ScreenshotsIT

##@ Images

.PHONY: images base-images push scan
images: ## build the images of vote, worker and result into the local engine
	@deploy/images
base-images: ## build stand-ins for third-party images, where no registry can be reached
	@deploy/base-images/build
push: ## push multi-architecture images: make push REGISTRY=ghcr.io/me
	@deploy/images push "$(REGISTRY)"
scan: ## look for known vulnerabilities in our images, with Trivy
	@deploy/scan

##@ The stack for development and demos (docker-compose.yml)

.PHONY: up down logs ps shell psql redis-cli migrate restart-worker scale watch debug backup restore new-poll clean
up: ## build what is missing, start, wait until healthy, print the addresses
	@deploy/up
down: ## stop and remove the containers; the votes stay
	$(DEV_ALL) down
logs: ## follow the logs; one service with SERVICE=worker
	$(DEV) logs --follow --tail 100 $(SERVICE)
ps: ## list the containers and their health
	$(DEV) ps
shell: ## a shell in a container: make shell SERVICE=worker
	$(DEV) exec $(or $(SERVICE),vote) sh
psql: ## a Postgres prompt
	$(DEV) exec db psql -U postgres votes
redis-cli: ## a Redis prompt
	$(DEV) exec redis redis-cli
migrate: ## bring the schema up to date
	$(DEV) run --rm migrate
restart-worker: ## restart the workers; ballots wait meanwhile
	$(DEV) restart worker
scale: ## run more of a service: make scale SERVICE=worker N=3
	$(DEV) up --detach --wait --no-recreate --scale $(or $(SERVICE),worker)=$(or $(N),2)
watch: ## recompiled classes and changed templates go into the running containers
	$(DEV) -f docker-compose.yml -f deploy/watch.yml watch --no-up
debug: ## let a debugger attach: vote on port 5005, result on 5006; `make up` ends it
	JDK_JAVA_OPTIONS=-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005 $(DEV) up --detach --wait
backup: ## dump the database into deploy/backup/dumps
	@COMPOSE="$(DEV)" deploy/backup/now
restore: ## go back to a dump: make restore FILE=deploy/backup/dumps/votes-….dump
	@COMPOSE="$(DEV)" deploy/backup/restore "$(FILE)"
new-poll: ## archive the finished poll, open an empty one; to end one that is open: make new-poll FORCE=1
	@COMPOSE="$(DEV)" deploy/new-poll
clean: ## remove what the build made, and this stack with its volumes; nothing else
	-$(MVN) --quiet clean
	-$(DEV_ALL) down --volumes --remove-orphans

##@ See everything (deploy/monitoring; RUNBOOK.md there says what to do about an alert)

.PHONY: up-monitoring down-monitoring check-monitoring prod-up-monitoring prod-down-monitoring
up-monitoring: up ## the development stack with Prometheus, Alertmanager, Grafana and exporters
	@COMPOSE="$(DEV_WATCHED)" deploy/monitoring/up $(MONITORS)
down-monitoring: ## stop and remove these; the stack goes on, and what was measured stays
	$(DEV_WATCHED) rm --stop --force $(MONITORS) grafana
check-monitoring: ## check the rules, run their unit tests
	@deploy/monitoring/check
prod-up-monitoring: prod-up ## the same for the hardened stack
	@COMPOSE="$(PROD_WATCHED)" deploy/monitoring/up $(PROD_MONITORS)
prod-down-monitoring: ## stop and remove these; the stack goes on
	$(PROD_WATCHED) rm --stop --force $(PROD_MONITORS) grafana

##@ Central logs (deploy/logs; deploy/README.md tells what they cost)

.PHONY: up-logs down-logs read-logs prod-up-logs prod-down-logs prod-read-logs
up-logs: ## the development stack, whose containers also send their logs to one place
	@COMPOSE_FILE=docker-compose.yml:deploy/logs/compose.yml deploy/up
down-logs: ## back to Docker's own logs; what was collected stays
	$(DEV_COLLECTED) rm --stop --force logs
	@deploy/up
read-logs: ## what was collected: make read-logs SERVICE=worker
	@$(DEV_COLLECTED) exec -T logs cat /collected/$(or $(SERVICE),worker).log
prod-up-logs: ## the same for the hardened stack
	@deploy/secrets check
	$(PROD_COLLECTED) up --detach --wait
prod-down-logs: ## back to Docker's own logs
	$(PROD_COLLECTED) rm --stop --force logs
	$(PROD) up --detach --wait
prod-read-logs: ## what was collected: make prod-read-logs SERVICE=nginx
	@$(PROD_COLLECTED) exec -T logs cat /collected/$(or $(SERVICE),worker).log

##@ The hardened stack behind nginx (docker-compose.prod.yml)

.PHONY: secrets certs prod-up prod-down prod-logs prod-ps prod-shell prod-psql prod-redis-cli prod-migrate
.PHONY: prod-restart-worker prod-scale prod-backup prod-restore prod-new-poll
secrets: ## create the passwords in .secrets
	@deploy/secrets passwords
certs: ## create a self-signed certificate in .secrets: make certs TLS_NAME=vote.example.org
	@deploy/secrets certificate
prod-up: ## build what is missing, start, wait until healthy
	@deploy/secrets check
	@deploy/images missing
	$(PROD) up --detach --wait
prod-down: ## stop and remove the containers; the votes stay
	$(PROD_ALL) down
prod-logs: ## follow the logs; one service with SERVICE=worker
	$(PROD) logs --follow --tail 100 $(SERVICE)
prod-ps: ## list the containers and their health
	$(PROD) ps
prod-shell: ## a shell in a container: make prod-shell SERVICE=worker
	$(PROD) exec $(or $(SERVICE),vote) sh
prod-psql: ## a Postgres prompt
	$(PROD) exec db psql -U postgres votes
prod-redis-cli: ## a Redis prompt
	$(PROD) exec redis sh -c 'REDISCLI_AUTH="$$(cat /run/secrets/redis_password)" redis-cli'
prod-migrate: ## bring the schema up to date
	$(PROD) run --rm migrate
prod-restart-worker: ## restart the workers; ballots wait meanwhile
	$(PROD) restart worker
prod-scale: ## run more of a service: make prod-scale SERVICE=vote N=4
	$(PROD) up --detach --wait --no-recreate --scale $(or $(SERVICE),vote)=$(or $(N),3)
prod-backup: ## dump the database into deploy/backup/dumps, besides the scheduled dumps
	@COMPOSE="$(PROD)" TARGETS=prod- deploy/backup/now
prod-restore: ## go back to a dump: make prod-restore FILE=deploy/backup/dumps/votes-….dump
	@COMPOSE="$(PROD)" TARGETS=prod- deploy/backup/restore "$(FILE)"
prod-new-poll: ## archive the finished poll, open an empty one; to end one that is open: make prod-new-poll FORCE=1
	@COMPOSE="$(PROD)" TARGETS=prod- deploy/new-poll

##@ The same on a swarm (deploy/swarm)

.PHONY: swarm-up swarm-down swarm-ps
swarm-up: ## deploy, or update to what the files and VERSION say, and wait
	@deploy/swarm/up
swarm-down: ## remove the services, networks, configs and secrets; the votes stay
	docker stack rm --detach=false $(or $(STACK),voting)
swarm-ps: ## list the tasks, where they run, and what failed
	docker stack ps --no-trunc $(or $(STACK),voting)

##@ Kubernetes (deploy/kubernetes/README.md)

.PHONY: kubernetes-secrets kubernetes-up kubernetes-down kubernetes-kind
kubernetes-secrets: ## create the passwords that the overlays read
	@SECRETS=deploy/kubernetes/components/secrets deploy/secrets passwords
kubernetes-up: kubernetes-secrets ## apply the overlay demo to the cluster that kubectl knows, wait until all is ready
	@deploy/kubernetes/up
kubernetes-down: ## remove all of it, with the votes
	kubectl delete namespace voting
kubernetes-kind: ## try all of it on a cluster in Docker, which kind makes, and remove that
	@deploy/kubernetes/kind/try
