# The everyday commands; `make` lists them. Logic lives in Maven or in the script that a target names.
.DEFAULT_GOAL := help
.SUFFIXES:

-include .env
export

MVN  := ./mvnw --batch-mode --no-transfer-progress
DEV  := docker compose
PROD := docker compose -f docker-compose.prod.yml

# The layer that watches: its files on top of those of a stack, and its services.
DEV_WATCHED   := $(DEV) -f docker-compose.yml -f deploy/monitoring/compose.yml
PROD_WATCHED  := $(PROD) -f deploy/monitoring/compose.yml -f deploy/monitoring/compose.prod.yml
MONITORS      := prometheus alertmanager redis-exporter postgres-exporter node-exporter
PROD_MONITORS := $(MONITORS) nginx-exporter blackbox-exporter

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Without Docker (a JDK 25 is all it takes)

.PHONY: demo test bench fuzz
demo: ## run the whole system with embedded Postgres and Redis; Ctrl-C stops it; with voters: AUDIENCE=200
	@exec deploy/local/demo
test: ## run all tests
	$(MVN) verify
fuzz: ## send more hostile input than the tests do: make fuzz CASES=1000000
	$(MVN) test -pl vote,worker,result -Dtest='*FuzzTest' -Djqwik.tries.default=$$(( $(or $(CASES),115000) / 23 ))
bench: package ## measure votes/s, ballots drained/s and click-to-visible
	@exec deploy/local/bench

##@ Load (deploy/load/README.md explains the settings)

.PHONY: load load-curve load-compare reset overload
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

##@ Prove it

.PHONY: chaos chaos-docker
chaos: package ## strike the system with faults while people vote: make chaos CHAOS_MINUTES=3 CHAOS_SEED=4711
	@exec deploy/chaos/run
chaos-docker: package ## the same on the stack of docker-compose.yml, as a project of its own
	@exec deploy/chaos/run docker

##@ Code

.PHONY: package check format
package: ## build the jars without running tests
	$(MVN) --quiet package -DskipTests
check: ## what CI runs without Docker: format, build, all tests
	$(MVN) spotless:check verify
format: ## format the Java code
	$(MVN) --quiet spotless:apply

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

.PHONY: up down logs ps shell psql redis-cli migrate restart-worker scale watch debug backup restore clean
up: ## build what is missing, start, wait until healthy, print the addresses
	@deploy/up
down: ## stop and remove the containers; the votes stay
	$(DEV_WATCHED) --profile grafana down
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
clean: ## remove what the build made, and this stack with its volumes; nothing else
	-$(MVN) --quiet clean
	-$(DEV_WATCHED) --profile grafana down --volumes --remove-orphans

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

##@ The hardened stack behind nginx (docker-compose.prod.yml)

.PHONY: secrets certs prod-up prod-down prod-logs prod-ps prod-shell prod-psql prod-redis-cli prod-migrate
.PHONY: prod-restart-worker prod-scale prod-backup prod-restore
secrets: ## create the passwords in .secrets
	@deploy/secrets passwords
certs: ## create a self-signed certificate in .secrets: make certs TLS_NAME=vote.example.org
	@deploy/secrets certificate
prod-up: ## start, wait until healthy
	@deploy/secrets check
	$(PROD) up --detach --wait
prod-down: ## stop and remove the containers; the votes stay
	$(PROD_WATCHED) --profile grafana down
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
	@COMPOSE="$(PROD)" deploy/backup/now
prod-restore: ## go back to a dump: make prod-restore FILE=deploy/backup/dumps/votes-….dump
	@COMPOSE="$(PROD)" deploy/backup/restore "$(FILE)"
